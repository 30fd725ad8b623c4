package peer;

import java.io.PrintStream;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import software.amazon.dynamodb.services.local.main.ServerRunner;
import software.amazon.dynamodb.services.local.server.DynamoDBProxyServer;

/**
 * Amazon's DynamoDB Local, in memory, on a free loopback port, until standard input ends. Its own launcher listens on
 * every interface and refuses port 0: its server is taken out by reflection before it starts.
 */
public final class DynamoDb {
    public static void main(String[] args) throws Exception {
        PrintStream protocol = System.out;
        System.setOut(System.err);
        // The port is a placeholder: nothing listens on it.
        DynamoDBProxyServer local =
                ServerRunner.createServerFromCommandLineArgs(
                        new String[] {"-inMemory", "-sharedDb", "-disableTelemetry", "-port", "8000"});
        var field = DynamoDBProxyServer.class.getDeclaredField("server");
        field.setAccessible(true);
        ServerConnector connector = (ServerConnector) ((Server) field.get(local)).getConnectors()[0];
        connector.setHost("127.0.0.1");
        connector.setPort(0);
        local.start();
        protocol.println("{\"ready\":true,\"port\":" + connector.getLocalPort() + "}");
        protocol.flush();
        while (System.in.read() >= 0) {
            // Wait for the end.
        }
        System.exit(0);
    }
}
