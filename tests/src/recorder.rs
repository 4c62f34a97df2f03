//! A forward proxy that writes down every request a browser makes, whichever of its threads makes it.
//!
//! Requests to the one server under test are passed on; every other host is answered with 502. The browser's
//! own developer protocol reports a worker's requests apart from the page's, or not at all; a proxy misses none.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use anyhow::{Context, Result};

/// One request as the browser sent it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// HTTP method; `CONNECT` for an attempt to reach another host by TLS.
    pub method: String,
    /// Absolute URL, or host and port for `CONNECT`.
    pub url: String,
    /// All header lines, for looking for what should not be there.
    pub headers: String,
    /// Whether the request announced a body.
    pub has_body: bool,
    /// Bytes of the answer that the browser has been given, headers included.
    pub received: u64,
}

/// The running proxy.
pub struct Recorder {
    address: SocketAddr,
    log: Arc<Mutex<Vec<Seen>>>,
}

impl Recorder {
    /// Starts a proxy that passes requests for `upstream` on. It runs until the process ends.
    pub fn start(upstream: SocketAddr) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").context("binding the recorder")?;
        let address = listener.local_addr()?;
        let log = Arc::new(Mutex::new(Vec::new()));
        let shared = Arc::clone(&log);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let log = Arc::clone(&shared);
                // A connection that the browser drops half way is no fault of the page's.
                thread::spawn(move || pass_on(client, upstream, &log));
            }
        });
        Ok(Self { address, log })
    }

    /// Where the proxy listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// All requests so far, in the order they came.
    pub fn seen(&self) -> Vec<Seen> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn pass_on(client: TcpStream, upstream: SocketAddr, log: &Mutex<Vec<Seen>>) -> Result<()> {
    let mut reader = BufReader::new(client.try_clone()?);
    let mut writer = client;
    let mut head = Vec::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 || line == "\r\n" {
            break;
        }
        head.push(line.trim_end().to_owned());
    }
    let Some(request_line) = head.first() else { return Ok(()) };
    let mut words = request_line.split(' ');
    let (method, url) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let headers: Vec<&String> = head.iter().skip(1).collect();
    let length = headers.iter().find_map(|line| header(line, "content-length")).and_then(|v| v.parse().ok());
    let chunked = headers.iter().any(|line| header(line, "transfer-encoding").is_some());
    let seen = Seen {
        method: method.to_owned(),
        url: url.to_owned(),
        headers: headers.iter().map(|line| format!("{line}\n")).collect(),
        has_body: length.unwrap_or(0_usize) > 0 || chunked,
        received: 0,
    };
    let number = {
        let mut log = log.lock().unwrap_or_else(PoisonError::into_inner);
        log.push(seen);
        log.len() - 1
    };
    let path = url.strip_prefix(&format!("http://{upstream}"));
    let Some(path) = path.filter(|_| method != "CONNECT") else {
        writer.write_all(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")?;
        return Ok(());
    };
    let mut server = TcpStream::connect(upstream)?;
    let mut passed = format!("{method} {path} HTTP/1.1\r\n");
    for line in headers {
        if header(line, "connection").is_none() && header(line, "proxy-connection").is_none() {
            passed += line;
            passed += "\r\n";
        }
    }
    passed += "Connection: close\r\n\r\n";
    server.write_all(passed.as_bytes())?;
    if let Some(length) = length {
        std::io::copy(&mut reader.take(length as u64), &mut server)?;
    }
    let received = std::io::copy(&mut server, &mut writer)?;
    if let Some(seen) = log.lock().unwrap_or_else(PoisonError::into_inner).get_mut(number) {
        seen.received = received;
    }
    writer.shutdown(Shutdown::Both)?;
    Ok(())
}

fn header<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    let (found, value) = line.split_once(':')?;
    found.eq_ignore_ascii_case(name).then_some(value.trim())
}
