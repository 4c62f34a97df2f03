//! The part with sockets: bounded connections, and an end that lets running answers finish.

use std::{future::Future, io, pin::pin, sync::Arc, time::Duration};

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
    service::TowerToHyperService,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
};

/// How long to wait before accepting again when the system is out of something, such as file handles.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// What one client, or all of them together, may take.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Connections at a time; more wait until one ends.
    pub connections: usize,
    /// Bytes of a request's line and headers (at least 8 KiB).
    pub head_bytes: usize,
    /// Time for a request's headers to arrive, and for an idle connection to stay open.
    pub head_time: Duration,
    /// Time for running answers to finish once the server stops.
    pub drain_time: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 4096,
            head_bytes: 32 * 1024,
            head_time: Duration::from_secs(30),
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
    let free = Arc::new(Semaphore::new(limits.connections));
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(limits.head_time).max_buf_size(limits.head_bytes);

    loop {
        let next = async { (free.clone().acquire_owned().await, accept(&listener).await) };
        let (place, stream) = tokio::select! {
            next = next => next,
            () = &mut stop => break,
        };
        let service = TowerToHyperService::new(router.clone());
        let connection = connections.watch(http.serve_connection(TokioIo::new(stream), service));
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection broke");
            }
            drop(place);
        });
    }

    drop(listener);
    tracing::info!("stopping");
    if tokio::time::timeout(limits.drain_time, connections.shutdown()).await.is_err() {
        tracing::warn!("some answers did not finish in time");
    }
}

async fn accept(listener: &TcpListener) -> TcpStream {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                if let Err(error) = stream.set_nodelay(true) {
                    tracing::debug!(%error, "a connection keeps its delay");
                }
                return stream;
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
