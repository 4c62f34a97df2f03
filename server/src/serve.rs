//! The part with sockets: bounds on what clients may take, and an end that lets running answers finish.

use std::{future::Future, io, net::SocketAddr, pin::pin, time::Duration};

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
    service::TowerToHyperService,
};
use tokio::net::{TcpListener, TcpStream};

use crate::{places::Places, steady::SteadySocket};

/// How long to wait before accepting again when the system is out of something, such as file handles.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// What one client, or all of them together, may take.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Connections at a time; more wait until one ends or gives way.
    pub connections: usize,
    /// Connections at a time from one address, or one network of IPv6; more are closed unless one gives way.
    pub connections_per_peer: usize,
    /// Where there are too many connections, one that has done nothing for so long gives way.
    pub patience: Duration,
    /// Bytes of a request's line and headers (at least 8 KiB).
    pub head_bytes: usize,
    /// Time for a request's headers to arrive, and for an idle connection to stay open.
    pub head_time: Duration,
    /// Bytes of an answer that a client has to take in each `write_time`, or all that is left.
    pub write_bytes: usize,
    /// Time for a client to take `write_bytes`.
    pub write_time: Duration,
    /// Time for running answers to finish once the server stops.
    pub drain_time: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 4096,
            connections_per_peer: 1024,
            patience: Duration::from_millis(500),
            head_bytes: 32 * 1024,
            head_time: Duration::from_secs(30),
            write_bytes: 32 * 1024,
            write_time: Duration::from_secs(30),
            drain_time: Duration::from_secs(10),
        }
    }
}

/// Serves `router` on `listener` until `stop` is ready, then lets running answers finish.
///
/// HTTP/1.1 without TLS; both TLS and HTTP/2 are a reverse proxy's work.
pub async fn serve(listener: TcpListener, router: Router, limits: Limits, stop: impl Future<Output = ()>) {
    let mut stop = pin!(stop);
    let connections = GracefulShutdown::new();
    let places = Places::new(limits.clone());
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(limits.head_time).max_buf_size(limits.head_bytes);

    loop {
        let next = async {
            let (stream, peer) = accept(&listener).await;
            (stream, places.take(peer.ip()).await)
        };
        let (stream, place) = tokio::select! {
            next = next => next,
            () = &mut stop => break,
        };
        let Some(place) = place else {
            tracing::debug!("too many connections from one address");
            continue;
        };
        let service = TowerToHyperService::new(router.clone());
        let socket = SteadySocket::new(stream, place.activity(), limits.write_bytes, limits.write_time);
        let connection = connections.watch(http.serve_connection(TokioIo::new(socket), service));
        tokio::spawn(async move {
            tokio::select! {
                ended = connection => if let Err(error) = ended {
                    tracing::debug!(%error, "a connection broke");
                },
                () = place.gone() => tracing::debug!("a connection gave way to another"),
            }
        });
    }

    drop(listener);
    tracing::info!("stopping");
    if tokio::time::timeout(limits.drain_time, connections.shutdown()).await.is_err() {
        tracing::warn!("some answers did not finish in time");
    }
}

async fn accept(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                if let Err(error) = stream.set_nodelay(true) {
                    tracing::debug!(%error, "a connection keeps its delay");
                }
                return (stream, peer);
            }
            Err(error) if is_of_one_connection(&error) => {}
            Err(error) => {
                tracing::error!(%error, "cannot accept a connection");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}
