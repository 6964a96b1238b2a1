using System.Security.Cryptography;
using System.Text;

// One secret; while you roll it, the new and the old one with a space between.
var secrets = Environment.GetEnvironmentVariable("WEBHOOK_SECRETS")!
    .Split(' ', StringSplitOptions.RemoveEmptyEntries);

bool IsOurs(byte[] body, string signature) => secrets.Any(secret =>
{
    var hash = HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), body);
    var expected = Convert.ToHexString(hash).ToLowerInvariant();
    return CryptographicOperations.FixedTimeEquals(
        Encoding.UTF8.GetBytes(expected), Encoding.UTF8.GetBytes(signature));
});

var app = WebApplication.CreateBuilder(args).Build();

app.MapPost("/webhook", async (HttpRequest request) =>
{
    // The raw body: bind no model to it, for that would parse it.
    using var buffer = new MemoryStream();
    await request.Body.CopyToAsync(buffer);
    if (!IsOurs(buffer.ToArray(), request.Headers["x-webhook-signature"].ToString()))
    {
        return Results.Json(new { error = "Invalid signature" }, statusCode: 401);
    }
    // It is ours: hand the body to a queue of yours, and answer within 10 seconds.
    return Results.Json(new { received = true });
});

var port = Environment.GetEnvironmentVariable("PORT") ?? "3000";
app.Run($"http://localhost:{port}");
