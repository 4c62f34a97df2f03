//! The server's loop with small limits: what a client may take of it.

use std::time::Duration;

use clip_rs_server::{Limits, serve};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::oneshot,
    time::timeout,
};

use crate::site::Site;

const PATIENCE: Duration = Duration::from_secs(10);

/// Serves `site` with `limits`; gives a connection to it, and what stops it when it is dropped.
async fn start(site: &Site, limits: Limits) -> (std::net::SocketAddr, oneshot::Sender<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("bound");
    let address = listener.local_addr().expect("an address");
    let (stop, stopped) = oneshot::channel();
    let router = site.router();
    tokio::spawn(async move {
        serve(listener, router, limits, async { drop(stopped.await) }).await;
    });
    (address, stop)
}

async fn rest(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    timeout(PATIENCE, stream.read_to_end(&mut answer)).await.expect("closed in time").expect("read");
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn who_is_silent_or_slow_is_let_go() {
    let site = Site::new();
    let limits = Limits { head_time: Duration::from_millis(300), ..Limits::default() };
    let (address, _stop) = start(&site, limits).await;
    for begun in ["", "GET / HT", "GET / HTTP/1.1\r\nHost: a\r\n", "GET /sw.js HTTP/1.1\r\nHost: a\r\n\r\n"] {
        let mut stream = TcpStream::connect(address).await.expect("connected");
        stream.write_all(begun.as_bytes()).await.expect("sent");
        let answer = rest(&mut stream).await;
        assert_eq!(answer.contains("200 OK"), begun.ends_with("\r\n\r\n"), "{begun:?}: {answer}");
    }
}

#[tokio::test]
async fn connections_beyond_the_limit_wait_for_their_turn() {
    let site = Site::new();
    let limits = Limits { connections: 1, patience: PATIENCE * 2, ..Limits::default() };
    let (address, _stop) = start(&site, limits).await;
    let first = TcpStream::connect(address).await.expect("connected");
    let mut second = TcpStream::connect(address).await.expect("queued by the system");
    second.write_all(b"GET /sw.js HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await.expect("sent");
    let mut byte = [0];
    let early = timeout(Duration::from_millis(300), second.read(&mut byte)).await;
    assert!(early.is_err(), "the first one is still open");
    drop(first);
    assert!(rest(&mut second).await.starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn stopping_closes_idle_connections_at_once() {
    let site = Site::new();
    let (address, stop) = start(&site, Limits::default()).await;
    let mut stream = TcpStream::connect(address).await.expect("connected");
    stream.write_all(b"GET /sw.js HTTP/1.1\r\nHost: a\r\n\r\n").await.expect("sent");
    let mut head = [0; 15];
    stream.read_exact(&mut head).await.expect("answered");
    drop(stop);
    rest(&mut stream).await;
    let refused = timeout(PATIENCE, async {
        while TcpStream::connect(address).await.is_ok() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    });
    refused.await.expect("no longer listening");
}

/// A connection that asks for more than the system keeps for it, and takes nothing.
async fn ask_and_take_nothing(site: &Site, address: std::net::SocketAddr) -> TcpStream {
    let name = "catalog/large.bin";
    if !site.path(name).exists() {
        site.write(name, &vec![7; 30_000_000]);
    }
    let mut stream = TcpStream::connect(address).await.expect("connected");
    stream.write_all(b"GET /catalog/large.bin HTTP/1.1\r\nHost: a\r\n\r\n").await.expect("sent");
    stream
}

/// Asks for a small file by a connection of its own.
async fn ask(address: std::net::SocketAddr) -> String {
    let mut stream = TcpStream::connect(address).await.expect("connected");
    let request = b"GET /sw.js HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    stream.write_all(request).await.expect("sent");
    rest(&mut stream).await
}

#[tokio::test]
async fn who_takes_nothing_of_an_answer_is_let_go_and_told_so() {
    let site = Site::new();
    let limits = Limits {
        connections: 1,
        patience: PATIENCE * 2,
        write_time: Duration::from_millis(200),
        ..Limits::default()
    };
    let (address, _stop) = start(&site, limits).await;
    let mut stalled = ask_and_take_nothing(&site, address).await;
    assert!(ask(address).await.starts_with("HTTP/1.1 200"), "the only place is free again");
    // What the system had kept for it is thrown away, so the answer breaks off before its end.
    let mut answer = Vec::new();
    let ended = timeout(PATIENCE, stalled.read_to_end(&mut answer)).await.expect("closed");
    assert!(ended.is_err() && answer.len() < 30_000_000, "{ended:?} {}", answer.len());
}

#[tokio::test]
async fn who_reads_steadily_gets_everything() {
    let site = Site::new();
    let limits = Limits { write_time: Duration::from_secs(5), patience: Duration::ZERO, ..Limits::default() };
    let (address, _stop) = start(&site, limits).await;
    let mut stream = ask_and_take_nothing(&site, address).await;
    let mut piece = vec![0; 100_000];
    let mut bytes = 0;
    while bytes < 30_000_000 {
        bytes += timeout(PATIENCE, stream.read(&mut piece)).await.expect("in time").expect("read");
        tokio::task::yield_now().await;
    }
    assert!(piece.contains(&7));
}

#[tokio::test]
async fn stalled_connections_of_one_address_do_not_shut_others_out() {
    let site = Site::new();
    let limits = Limits {
        connections: 20,
        connections_per_peer: 10,
        patience: Duration::from_millis(50),
        write_time: PATIENCE * 2,
        ..Limits::default()
    };
    let (address, _stop) = start(&site, limits).await;
    let mut stalled = Vec::new();
    for _ in 0..40 {
        stalled.push(ask_and_take_nothing(&site, address).await);
    }
    let answered = timeout(PATIENCE, async {
        loop {
            let mut stream = TcpStream::connect(address).await.expect("connected");
            let mut start = [0; 12];
            let request = b"GET /sw.js HTTP/1.1\r\nHost: a\r\n\r\n";
            if stream.write_all(request).await.is_ok() && stream.read_exact(&mut start).await.is_ok() {
                return start;
            }
        }
    });
    assert_eq!(&answered.await.expect("answered in time"), b"HTTP/1.1 200");
}
