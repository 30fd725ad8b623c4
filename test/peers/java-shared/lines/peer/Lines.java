package peer;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/** JSON lines: one request a line on standard input, one reply a line, in order, until the input ends. */
final class Lines {
    interface Handler {
        Map<String, ?> handle(Json request) throws Exception;
    }

    private Lines() {}

    static void serve(Handler handler) throws IOException {
        PrintStream protocol = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        // Libraries that print must not break the protocol.
        System.setOut(System.err);
        protocol.println("{\"ready\":true}");
        BufferedReader requests = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = requests.readLine(); line != null; line = requests.readLine()) {
            protocol.println(answer(handler, line));
        }
        // Threads of the HTTP clients would keep the process alive.
        System.exit(0);
    }

    private static String answer(Handler handler, String line) {
        try {
            return Json.write(Map.of("ok", handler.handle(Json.parse(line))));
        } catch (Exception error) {
            return Json.write(Map.of("error", error.getClass().getSimpleName(), "message", message(error)));
        }
    }

    /** With all causes: the outermost often says no more than that something failed. */
    private static String message(Throwable error) {
        String cause = error.getCause() == null ? "" : " (" + message(error.getCause()) + ")";
        return error.getMessage() + cause;
    }
}
