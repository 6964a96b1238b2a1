require "openssl"

# One secret; while you roll it, the new and the old one with a space between.
SECRETS = ENV.fetch("WEBHOOK_SECRETS").split

def ours?(body, signature)
  SECRETS.any? do |secret|
    OpenSSL.secure_compare(OpenSSL::HMAC.hexdigest("SHA256", secret, body), signature)
  end
end

# A Rack application, as Rails and Sinatra are too. In Rails the raw body is request.raw_post.
run(lambda do |env|
  body = env["rack.input"]&.read.to_s
  headers = { "content-type" => "application/json" }
  unless ours?(body, env["HTTP_X_WEBHOOK_SIGNATURE"].to_s)
    next [401, headers, ['{"error": "Invalid signature"}']]
  end
  # It is ours: hand JSON.parse(body) to a queue of yours, and answer within 10 seconds.
  [200, headers, ['{"received": true}']]
end)
