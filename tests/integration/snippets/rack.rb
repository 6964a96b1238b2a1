# The least of a Rack server around the config.ru that a partner was shown: ruby rack.rb config.ru PORT.
require "socket"
require "stringio"

def run(app)
  $app = app
end

load ARGV[0]

def answer(socket)
  socket.gets
  env = {}
  while (line = socket.gets) && line != "\r\n"
    name, value = line.chomp.split(":", 2)
    env["HTTP_#{name.upcase.tr("-", "_")}"] = value.strip
  end
  env["rack.input"] = StringIO.new(socket.read(env["HTTP_CONTENT_LENGTH"].to_i))
  status, headers, body = $app.call(env)
  socket.write("HTTP/1.0 #{status} \r\n", *headers.map { |name, value| "#{name}: #{value}\r\n" }, "\r\n", *body)
ensure
  socket.close
end

server = TCPServer.new("127.0.0.1", ARGV[1].to_i)
loop { answer(server.accept) }
