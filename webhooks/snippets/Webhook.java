import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

public class Webhook {
    // One secret; while you roll it, the new and the old one with a space between.
    static final List<String> SECRETS =
            Stream.of(System.getenv("WEBHOOK_SECRETS").split(" ")).filter(each -> !each.isEmpty()).toList();

    static boolean isOurs(byte[] body, String signature) throws GeneralSecurityException {
        if (signature == null) {
            return false;
        }
        byte[] received = signature.getBytes(StandardCharsets.UTF_8);
        for (String secret : SECRETS) {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(secret.getBytes(StandardCharsets.UTF_8), "HmacSHA256"));
            String expected = HexFormat.of().formatHex(mac.doFinal(body));
            if (MessageDigest.isEqual(expected.getBytes(StandardCharsets.UTF_8), received)) {
                return true;
            }
        }
        return false;
    }

    static void receive(HttpExchange exchange) throws IOException {
        // The raw body. In Spring: @RequestBody byte[] body, never an object that was parsed from it.
        byte[] body = exchange.getRequestBody().readAllBytes();
        String signature = exchange.getRequestHeaders().getFirst("x-webhook-signature");
        try (exchange) {
            // Where it is ours: hand the body to a queue of yours, and answer within 10 seconds.
            exchange.sendResponseHeaders(isOurs(body, signature) ? 200 : 401, -1);
        } catch (GeneralSecurityException error) {
            throw new IllegalStateException("This Java lacks HmacSHA256.", error);
        }
    }

    public static void main(String[] args) throws IOException {
        int port = Integer.parseInt(System.getenv().getOrDefault("PORT", "3000"));
        HttpServer server = HttpServer.create(new InetSocketAddress("localhost", port), 0);
        server.createContext("/webhook", Webhook::receive);
        server.start();
    }
}
