use std::io::{Error, ErrorKind, Read};
use std::net::TcpStream;

fn message(socket: &mut TcpStream) -> std::io::Result<Option<Vec<u8>>> {
    let mut header = [0; 10];
    let mut count = 0;
    while count < 10 {
        let size = socket.read(&mut header[count..])?;
        if size == 0 && count == 0 {
            return Ok(None);
        }
        if size == 0 {
            return Err(Error::from(ErrorKind::UnexpectedEof));
        }
        count += size;
    }
    let text = String::from_utf8_lossy(&header);
    let size: usize = text.trim_matches(' ').parse().map_err(|_| Error::new(ErrorKind::InvalidData, "no length"))?;
    if size > 1048576 {
        return Err(Error::new(ErrorKind::InvalidData, "too long"));
    }
    let mut body = vec![0; size];
    socket.read_exact(&mut body)?;
    Ok(Some(body))
}

fn main() -> std::io::Result<()> {
    let port = std::env::args().nth(1).expect("a port");
    let mut socket = TcpStream::connect(format!("127.0.0.1:{port}"))?;
    while let Some(body) = message(&mut socket)? {
        println!("{}", String::from_utf8_lossy(&body).replace(|c: char| c.is_control(), "?"));
    }
    Ok(())
}
