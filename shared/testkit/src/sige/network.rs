//! A loopback listener whose connections can be cut by the test: before an answer, or in the middle of one.
use axum::Router;
use axum::extract::connect_info::Connected;
use axum::serve::IncomingStream;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};

/// Nothing has been cut.
const WHOLE: u64 = u64::MAX;

/// One connection as a handler sees it.
#[derive(Debug, Clone)]
pub(super) struct Connection {
    pub(super) number: u64,
    bytes_left: Arc<AtomicU64>,
}

impl Connection {
    /// Lets this many more bytes out, then breaks the connection.
    pub(super) fn cut_after(&self, bytes: u64) {
        self.bytes_left.store(bytes, Ordering::SeqCst);
    }
}

impl Connected<IncomingStream<'_, Listener>> for Connection {
    fn connect_info(stream: IncomingStream<'_, Listener>) -> Self {
        stream.io().connection.clone()
    }
}

/// Accepts connections that can be cut.
#[derive(Debug)]
pub(super) struct Listener {
    tcp: TcpListener,
    accepted: u64,
}

impl Listener {
    pub(super) async fn bind() -> io::Result<Self> {
        Ok(Self { tcp: TcpListener::bind(("127.0.0.1", 0)).await?, accepted: 0 })
    }

    pub(super) fn address(&self) -> io::Result<SocketAddr> {
        self.tcp.local_addr()
    }
}

impl axum::serve::Listener for Listener {
    type Io = CuttableStream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (CuttableStream, SocketAddr) {
        let (tcp, peer) = axum::serve::Listener::accept(&mut self.tcp).await;
        // Small answers wait for nothing: the latency of a look-up is the product's, not Nagle's.
        if let Err(error) = tcp.set_nodelay(true) {
            tracing::debug!(%error, "no TCP_NODELAY");
        }
        let connection = Connection { number: self.accepted, bytes_left: Arc::new(AtomicU64::new(WHOLE)) };
        self.accepted += 1;
        (CuttableStream { tcp, connection }, peer)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.address()
    }
}

/// Serves until the task is aborted.
pub(super) async fn serve(listener: Listener, router: Router) {
    let service = router.into_make_service_with_connect_info::<Connection>();
    if let Err(error) = axum::serve(listener, service).await {
        tracing::error!(%error, "the SIGE stand-in stopped");
    }
}

#[derive(Debug)]
pub(super) struct CuttableStream {
    tcp: TcpStream,
    connection: Connection,
}

impl AsyncRead for CuttableStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_read(cx, buf)
    }
}

impl AsyncWrite for CuttableStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let left = self.connection.bytes_left.load(Ordering::SeqCst);
        if left == 0 {
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        let length = usize::try_from(left).unwrap_or(usize::MAX).min(buf.len());
        let part = buf.get(..length).unwrap_or_default();
        let polled = Pin::new(&mut self.tcp).poll_write(cx, part);
        if let (Poll::Ready(Ok(written)), true) = (&polled, left != WHOLE) {
            self.connection.cut_after(left.saturating_sub(*written as u64));
        }
        polled
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_shutdown(cx)
    }
}
