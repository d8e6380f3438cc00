import java.io.DataInputStream;
import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;

public class Client {
  static int length(byte[] header) {
    int size = Integer.parseInt(new String(header, StandardCharsets.UTF_8).trim());
    if (size < 0 || size > 1048576) throw new IllegalArgumentException("a length of " + size);
    return size;
  }

  static boolean show(DataInputStream in) throws IOException {
    byte[] header = in.readNBytes(10);
    if (header.length == 0) return false;
    byte[] body = new byte[length(header)];
    in.readFully(body);
    String text = new String(body, StandardCharsets.UTF_8);
    System.out.write(text.replaceAll("\\p{Cntrl}", "?").getBytes(StandardCharsets.UTF_8));
    System.out.println();
    return true;
  }

  public static void main(String[] arguments) throws Exception {
    try (Socket socket = new Socket("127.0.0.1", Integer.parseInt(arguments[0]))) {
      DataInputStream in = new DataInputStream(socket.getInputStream());
      while (show(in)) {
      }
    }
  }
}
