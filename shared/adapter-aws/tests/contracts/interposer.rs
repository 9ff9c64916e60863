//! Somebody between the SDK and the emulator, who loses answers, gives others, and remembers what was asked.
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What becomes of a request.
#[derive(Debug, Clone)]
pub(crate) enum Treatment {
    /// It is passed on, and so is its answer.
    Pass,
    /// It is passed on; the connection ends before the answer.
    LoseAnswer,
    /// It is passed on; the last byte of the answer is another one.
    SpoilAnswer,
    /// It gets this answer instead: status and JSON, or XML.
    Answer(u16, String),
}

/// A request as it came.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    /// The operation, as in `GetItem`; empty for S3.
    pub(crate) operation: String,
    /// Method and path.
    pub(crate) line: String,
    pub(crate) body: serde_json::Value,
}

#[derive(Default)]
struct Memory {
    plan: VecDeque<Treatment>,
    seen: Vec<Seen>,
}

pub(crate) struct Interposer {
    endpoint: String,
    memory: Arc<Mutex<Memory>>,
}

/// An error as the JSON protocols tell it.
pub(crate) fn error(code: &str, message: &str) -> Treatment {
    Treatment::Answer(400, serde_json::json!({ "__type": code, "message": message }).to_string())
}

impl Interposer {
    /// Listens, and passes everything on until told otherwise.
    pub(crate) async fn before(upstream: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let memory = Arc::new(Mutex::new(Memory::default()));
        let (kept, upstream) = (memory.clone(), upstream.strip_prefix("http://").unwrap().to_owned());
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(serve(client, upstream.clone(), memory.clone()));
            }
        });
        Self { endpoint, memory: kept }
    }

    pub(crate) fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// What becomes of the next requests, in order; those after them pass.
    pub(crate) fn plan(&self, treatments: impl IntoIterator<Item = Treatment>) {
        let mut memory = self.memory.lock().unwrap();
        memory.plan = treatments.into_iter().collect();
        memory.seen.clear();
    }

    /// What was asked since the last plan.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.memory.lock().unwrap().seen.clone()
    }

    /// The operations that were asked for since the last plan.
    pub(crate) fn operations(&self) -> Vec<String> {
        self.seen().into_iter().map(|seen| seen.operation).collect()
    }
}

/// A head and the body its length announces; `None` when the other side is done.
pub(crate) async fn read_message(stream: &mut TcpStream) -> Option<(String, Vec<u8>)> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break end + 4;
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let length: usize = header(&head, "content-length").map_or(0, |length| length.parse().unwrap());
    let mut body = bytes.split_off(end);
    while body.len() < length {
        if stream.read_buf(&mut body).await.ok()? == 0 {
            return None;
        }
    }
    Some((head, body))
}

pub(crate) fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let lines = head.lines().filter_map(|line| line.split_once(':'));
    lines.into_iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
}

async fn serve(mut client: TcpStream, upstream: String, memory: Arc<Mutex<Memory>>) {
    while let Some((head, body)) = read_message(&mut client).await {
        let target = header(&head, "x-amz-target").unwrap_or_default();
        let operation = target.rsplit('.').next().unwrap_or_default().to_owned();
        let treatment = {
            let mut memory = memory.lock().unwrap();
            let told = serde_json::from_slice(&body).unwrap_or_default();
            let line = head.lines().next().unwrap_or_default().to_owned();
            memory.seen.push(Seen { operation, line, body: told });
            memory.plan.pop_front().unwrap_or(Treatment::Pass)
        };
        if let Treatment::Answer(status, json) = treatment {
            let answer = format!(
                "HTTP/1.1 {status} Told\r\ncontent-type: application/x-amz-json-1.0\r\n\
                 x-amzn-requestid: REQUEST-ID\r\ncontent-length: {}\r\n\r\n{json}",
                json.len()
            );
            client.write_all(answer.as_bytes()).await.unwrap();
            continue;
        }
        let mut server = TcpStream::connect(&upstream).await.unwrap();
        server.write_all(head.as_bytes()).await.unwrap();
        server.write_all(&body).await.unwrap();
        let (head, mut body) = read_message(&mut server).await.unwrap();
        match treatment {
            Treatment::LoseAnswer => return,
            Treatment::SpoilAnswer => *body.last_mut().unwrap() ^= 1,
            _ => {}
        }
        client.write_all(head.as_bytes()).await.unwrap();
        client.write_all(&body).await.unwrap();
    }
}
