//! A tile service on loopback that answers as a test says, and tells what it was asked.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Instant;

/// What is answered.
pub enum Reply {
    /// 200 with these bytes.
    Ok(&'static str, Vec<u8>),
    /// Another status, with header lines.
    Status(u16, String),
    /// 200 with these bytes announced, of which half are sent.
    Cut(Vec<u8>),
    /// A status with header lines, and these bytes announced, of which so many are sent.
    Part(u16, String, Vec<u8>, usize),
    /// The connection is closed without a word.
    Hang,
}

/// A request: its path with query, when it came, what the client calls itself, and all header lines, their names in lower case.
#[derive(Debug, Clone)]
pub struct Asked {
    pub path: String,
    pub at: Instant,
    pub user_agent: String,
    pub headers: Vec<(String, String)>,
}

impl Asked {
    /// The value of a header line.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// The service, for as long as the test runs.
pub struct StandIn {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl StandIn {
    /// `reply` is given a path and how often it was asked for before.
    pub fn start(reply: impl Fn(&str, usize) -> Reply + Send + Sync + 'static) -> Self {
        Self::answering(move |asked, before| reply(&asked.path, before))
    }

    /// `reply` is given a request and how often its path was asked for before.
    pub fn answering(reply: impl Fn(&Asked, usize) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let asked: Arc<Mutex<Vec<Asked>>> = Arc::default();
        let (reply, log) = (Arc::new(reply), asked.clone());
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (reply, log) = (reply.clone(), log.clone());
                thread::spawn(move || {
                    // A client that goes away is no failure of the service.
                    let _gone = answer(stream, reply.as_ref(), &log);
                });
            }
        });
        Self { address, asked }
    }

    /// Its origin: `http://127.0.0.1:PORT`.
    pub fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What it was asked so far.
    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().expect("a lock").clone()
    }

    /// The paths that it was asked for, sorted.
    pub fn paths(&self) -> Vec<String> {
        let mut paths: Vec<String> = self.asked().into_iter().map(|asked| asked.path).collect();
        paths.sort();
        paths
    }
}

fn answer(
    mut stream: TcpStream,
    reply: &(impl Fn(&Asked, usize) -> Reply + ?Sized),
    log: &Mutex<Vec<Asked>>,
) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    let first = lines.next().transpose()?.unwrap_or_default();
    let path = first.split(' ').nth(1).unwrap_or_default().to_owned();
    let mut headers = Vec::new();
    for line in lines {
        let line = line?;
        match line.split_once(": ") {
            Some((name, value)) => headers.push((name.to_ascii_lowercase(), value.to_owned())),
            None if line.is_empty() => break,
            None => {}
        }
    }
    let mut asked = Asked { path, at: Instant::now(), user_agent: String::new(), headers };
    asked.user_agent = asked.header("user-agent").unwrap_or_default().to_owned();
    let before = {
        let mut log = log.lock().expect("a lock");
        let before = log.iter().filter(|one| one.path == asked.path).count();
        log.push(asked.clone());
        before
    };
    match reply(&asked, before) {
        Reply::Ok(kind, bytes) => {
            write!(
                stream,
                "HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
                bytes.len()
            )?;
            stream.write_all(&bytes)
        }
        Reply::Status(status, headers) => {
            write!(
                stream,
                "HTTP/1.1 {status} Said\r\n{headers}Content-Length: 0\r\nConnection: close\r\n\r\n"
            )
        }
        Reply::Cut(bytes) => {
            write!(
                stream,
                "HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
                bytes.len()
            )?;
            stream.write_all(&bytes[..bytes.len() / 2])
        }
        Reply::Part(status, headers, bytes, sent) => {
            write!(
                stream,
                "HTTP/1.1 {status} Said\r\n{headers}Content-Length: {}\r\nConnection: close\r\n\r\n",
                bytes.len()
            )?;
            stream.write_all(&bytes[..sent])
        }
        Reply::Hang => Ok(()),
    }
}
