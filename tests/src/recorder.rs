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

/// How a connection fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// So many bytes come, headers included, and no more, while the connection stays open.
    StallAfter(u64),
    /// So many bytes come, headers included, and then the connection is closed.
    BreakAfter(u64),
}

/// The running proxy.
pub struct Recorder {
    address: SocketAddr,
    shared: Arc<Shared>,
}

/// What the threads of all connections know.
#[derive(Default)]
struct Shared {
    log: Mutex<Vec<Seen>>,
    /// Other servers to which requests are passed on.
    others: Mutex<Vec<SocketAddr>>,
    /// A part of a URL, how answers to such URLs fail, and whether only the first one does.
    fault: Mutex<Option<(String, Fault, bool)>>,
}

impl Shared {
    /// The server that a URL is of, and the path there.
    fn server_of<'a>(&self, upstream: SocketAddr, url: &'a str) -> Option<(SocketAddr, &'a str)> {
        let others = self.others.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let path = |address: &SocketAddr| url.strip_prefix(&format!("http://{address}"));
        std::iter::once(upstream).chain(others).find_map(|address| Some((address, path(&address)?)))
    }

    fn fault_of(&self, url: &str) -> Option<Fault> {
        let mut known = self.fault.lock().unwrap_or_else(PoisonError::into_inner);
        let (_, fault, once) = known.as_ref().filter(|(part, ..)| url.contains(part.as_str()))?;
        let (fault, once) = (*fault, *once);
        if once {
            *known = None;
        }
        Some(fault)
    }
}

impl Recorder {
    /// Starts a proxy that passes requests for `upstream` on. It runs until the process ends.
    pub fn start(upstream: SocketAddr) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").context("binding the recorder")?;
        let address = listener.local_addr()?;
        let known = Arc::new(Shared::default());
        let shared = Arc::clone(&known);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let shared = Arc::clone(&shared);
                // A connection that the browser drops half way is no fault of the page's.
                thread::spawn(move || pass_on(client, upstream, &shared));
            }
        });
        Ok(Self { address, shared: known })
    }

    /// Where the proxy listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// All requests so far, in the order they came.
    pub fn seen(&self) -> Vec<Seen> {
        self.shared.log.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Passes requests for this server on, too, from now on: another site on another port.
    pub fn also_pass(&self, address: SocketAddr) {
        self.shared.others.lock().unwrap_or_else(PoisonError::into_inner).push(address);
    }

    /// Answers to URLs that contain `part` fail like this from now on, those of no other URL do.
    pub fn fail(&self, part: &str, fault: Fault) {
        self.set_fault(Some((part.to_owned(), fault, false)));
    }

    /// The next answer to a URL that contains `part` fails like this, no other does.
    pub fn fail_once(&self, part: &str, fault: Fault) {
        self.set_fault(Some((part.to_owned(), fault, true)));
    }

    /// No answer fails from now on.
    pub fn mend(&self) {
        self.set_fault(None);
    }

    fn set_fault(&self, fault: Option<(String, Fault, bool)>) {
        *self.shared.fault.lock().unwrap_or_else(PoisonError::into_inner) = fault;
    }
}

fn pass_on(client: TcpStream, upstream: SocketAddr, shared: &Shared) -> Result<()> {
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
        let mut log = shared.log.lock().unwrap_or_else(PoisonError::into_inner);
        log.push(seen);
        log.len() - 1
    };
    let server = shared.server_of(upstream, url);
    let Some((address, path)) = server.filter(|_| method != "CONNECT") else {
        writer.write_all(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")?;
        return Ok(());
    };
    let mut server = TcpStream::connect(address)?;
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
    let fault = shared.fault_of(url);
    let received = match fault {
        None => std::io::copy(&mut server, &mut writer)?,
        Some(Fault::StallAfter(bytes) | Fault::BreakAfter(bytes)) => {
            std::io::copy(&mut server.take(bytes), &mut writer)?
        }
    };
    if let Some(Fault::StallAfter(_)) = fault {
        // Until the browser gives up.
        let _bytes = writer.read(&mut [0])?;
    }
    if let Some(seen) = shared.log.lock().unwrap_or_else(PoisonError::into_inner).get_mut(number) {
        seen.received = received;
    }
    writer.shutdown(Shutdown::Both)?;
    Ok(())
}

fn header<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    let (found, value) = line.split_once(':')?;
    found.eq_ignore_ascii_case(name).then_some(value.trim())
}
