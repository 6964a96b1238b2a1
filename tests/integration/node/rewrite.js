// One JSON document a line in, the same documents as JavaScript writes them after reading them out.
const { readFileSync } = require('fs');

const documents = readFileSync(0, 'utf8').split('\n');
process.stdout.write(documents.map((document) => JSON.stringify(JSON.parse(document))).join('\n'));
