// Every receiver under its own name, on a free loopback port that is printed once it listens.
const express = require('express');
const { processed } = require('./partner');

const server = express();
server.use('/basic', require('./basic'));
server.use('/verifying', require('./verifying'));
server.use('/duplicates', require('./duplicates'));
server.use('/standardwebhooks', require('./library')(require('standardwebhooks').Webhook));
server.use('/svix', require('./library')(require('svix').Webhook));
server.get('/processed', (req, res) => res.json(processed));

const listener = server.listen(0, '127.0.0.1', () => console.log(listener.address().port));
