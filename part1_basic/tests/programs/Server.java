import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;

public class Server {
  static void welcome(Socket client) throws IOException {
    client.getOutputStream().write("welcome to the server!".getBytes());
  }

  static void serve(ServerSocket server) throws IOException {
    try (Socket client = server.accept()) {
      welcome(client);
    } catch (IOException error) {
      System.out.println(error);
    }
  }

  static void run(int port) throws IOException {
    ServerSocket server = new ServerSocket(port, 50, InetAddress.getByName("127.0.0.1"));
    while (true) serve(server);
  }

  static void start(String[] arguments) throws IOException {
    run(Integer.parseInt(arguments[0]));
  }

  public static void main(String[] arguments) throws IOException {
    start(arguments);
  }
}
