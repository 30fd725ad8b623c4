package peer;

import java.io.PrintStream;
import org.elasticmq.rest.sqs.SQSRestServer;
import org.elasticmq.rest.sqs.SQSRestServerBuilder;

/** ElasticMQ, in memory, on a free loopback port, until standard input ends. Its own launcher refuses port 0. */
public final class ElasticMq {
    public static void main(String[] args) throws Exception {
        PrintStream protocol = System.out;
        System.setOut(System.err);
        SQSRestServer server = SQSRestServerBuilder.withInterface("127.0.0.1").withDynamicPort().start();
        int port = server.waitUntilStarted().localAddress().getPort();
        protocol.println("{\"ready\":true,\"port\":" + port + "}");
        protocol.flush();
        while (System.in.read() >= 0) {
            // Wait for the end.
        }
        System.exit(0);
    }
}
