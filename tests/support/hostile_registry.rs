//! A registry that misleads: it stands before a real one, or alone, and answers what a test wants changed by itself.

use std::{
    io::{self, BufRead as _, BufReader, Read as _, Write as _},
    net::{Shutdown, TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
};

use super::registry::Answer;

/// The first byte of a greeting (RFC 8446, section 5.1).
const TLS_HANDSHAKE: u8 = 22;

/// A request as it came.
#[derive(Debug, Clone, Default)]
pub struct Request {
    pub method: String,
    pub path: String,
    pub agent: String,
    pub authorization: Option<String>,
    /// Only where it is this server that answers.
    pub body: String,
}

impl Request {
    /// It is this program that asks, and no engine.
    pub fn is_ours(&self) -> bool {
        self.agent.starts_with("daochain/")
    }
}

/// Says what to answer; `None` leaves it to the real registry.
type Answers = dyn Fn(&Request) -> Option<Answer> + Send + Sync;

/// Its threads end with the test's process.
pub struct Hostile {
    /// Host and port.
    pub host: String,
    asked: Arc<Mutex<Vec<Request>>>,
}

impl Hostile {
    /// Before the registry at `upstream` (host and port), or alone.
    pub fn start(upstream: Option<&str>, answers: impl Fn(&Request) -> Option<Answer> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let host = listener.local_addr().expect("an address").to_string();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (noted, upstream) = (Arc::clone(&asked), upstream.map(str::to_owned));
        let answers: Arc<Answers> = Arc::new(answers);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (answers, noted, upstream) = (Arc::clone(&answers), Arc::clone(&noted), upstream.clone());
                thread::spawn(move || serve(&stream, upstream.as_deref(), &*answers, &noted));
            }
        });
        Self { host, asked }
    }

    /// Every request so far.
    pub fn asked(&self) -> Vec<Request> {
        self.asked.lock().expect("no poison").clone()
    }
}

/// Answers one request, or passes it on, and hangs up.
fn serve(stream: &TcpStream, upstream: Option<&str>, answers: &Answers, noted: &Mutex<Vec<Request>>) -> Option<()> {
    let mut reader = BufReader::new(stream);
    // Without TLS as real registries are: containerd asks again in the open only where it is answered so.
    if reader.fill_buf().ok()?.first() == Some(&TLS_HANDSHAKE) {
        let mut stream = stream;
        return stream.write_all(b"HTTP/1.0 400 Bad Request\r\n\r\n").ok();
    }
    let (mut request, mut head, mut line, mut length) = (Request::default(), Vec::new(), String::new(), 0);
    while reader.read_line(&mut line).is_ok_and(|bytes| bytes > 2) {
        if head.is_empty() {
            let mut words = line.split(' ');
            words.next()?.clone_into(&mut request.method);
            words.next()?.clone_into(&mut request.path);
        }
        let (name, value) = line.split_once(": ").unwrap_or_default();
        let value = value.trim();
        match name.to_ascii_lowercase().as_str() {
            "authorization" => request.authorization = Some(value.to_owned()),
            "user-agent" => value.clone_into(&mut request.agent),
            "content-length" => length = value.parse().ok()?,
            _ => {}
        }
        if !name.eq_ignore_ascii_case("connection") {
            head.extend_from_slice(line.as_bytes());
        }
        line.clear();
    }
    let answer = answers(&request);
    if answer.is_some() {
        let mut body = vec![0; length];
        reader.read_exact(&mut body).ok()?;
        request.body = String::from_utf8_lossy(&body).into_owned();
    }
    let is_head = request.method == "HEAD";
    noted.lock().expect("no poison").push(request);
    let mut stream = stream;
    if let Some((head, body)) = answer {
        stream.write_all(format!("HTTP/1.1 {head}\r\nConnection: close\r\n\r\n").as_bytes()).ok()?;
        return if is_head { Some(()) } else { stream.write_all(&body).ok() };
    }
    let real = TcpStream::connect(upstream?).ok()?;
    head.extend_from_slice(b"Connection: close\r\n\r\n");
    (&real).write_all(&head).ok()?;
    thread::scope(|scope| {
        scope.spawn(|| {
            let _ = io::copy(&mut reader, &mut &real);
        });
        let _ = io::copy(&mut &real, &mut stream);
        let _ = stream.shutdown(Shutdown::Both);
        let _ = real.shutdown(Shutdown::Both);
    });
    Some(())
}
