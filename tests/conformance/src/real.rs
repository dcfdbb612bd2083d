//! A real API server as a side, through `kubectl proxy`: plain HTTP/1.1 on one connection that is kept.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use crate::model::parsed;
use crate::step::{Answer, Side, Step};

/// How long an answer may take.
const TIMEOUT: Duration = Duration::from_secs(60);

/// The largest body that is read, in bytes.
const BODY_MAX: u64 = 64 << 20;

/// A connection to a server.
pub struct Real {
    address: String,
    connection: Option<BufReader<TcpStream>>,
}

impl Real {
    /// The server at `host:port`; connects with the first request.
    #[must_use]
    pub fn new(address: &str) -> Self {
        Self { address: address.to_owned(), connection: None }
    }

    fn exchange(&mut self, request: &[u8]) -> Result<Answer, io::Error> {
        let stream = match &mut self.connection {
            Some(stream) => stream,
            empty => {
                let stream = TcpStream::connect(&self.address)?;
                stream.set_nodelay(true)?;
                stream.set_read_timeout(Some(TIMEOUT))?;
                empty.insert(BufReader::new(stream))
            }
        };
        stream.get_mut().write_all(request)?;
        read_answer(stream)
    }
}

impl Side for Real {
    fn send(&mut self, step: &Step) -> Result<Answer, io::Error> {
        let body = if step.content_type.is_empty() { String::new() } else { step.body.to_string() };
        let query = if step.query.is_empty() { String::new() } else { format!("?{}", step.query) };
        let mut head = format!(
            "{} {}{query} HTTP/1.1\r\nHost: {}\r\nUser-Agent: {}\r\nAccept: {}\r\nContent-Length: {}\r\n",
            step.method,
            step.path,
            self.address,
            step.agent,
            step.accept,
            body.len()
        );
        if !step.content_type.is_empty() {
            head.push_str(&format!("Content-Type: {}\r\n", step.content_type));
        }
        let request = format!("{head}\r\n{body}").into_bytes();
        let answer = self.exchange(&request);
        if answer.is_err() {
            self.connection = None;
        }
        answer
    }
}

fn read_answer(stream: &mut BufReader<TcpStream>) -> Result<Answer, io::Error> {
    let mut line = String::new();
    stream.read_line(&mut line)?;
    let code = line.split(' ').nth(1).and_then(|code| code.parse().ok());
    let code = code.ok_or_else(|| io::Error::other(format!("not HTTP: {line:?}")))?;
    let (mut length, mut chunked, mut warnings) = (0, false, Vec::new());
    loop {
        line.clear();
        stream.read_line(&mut line)?;
        let header = line.trim_end();
        if header.is_empty() {
            break;
        }
        let (name, value) = header.split_once(": ").unwrap_or((header, ""));
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.parse().unwrap_or_default(),
            "transfer-encoding" => chunked = value.contains("chunked"),
            "warning" => warnings.push(value.to_owned()),
            _ => {}
        }
    }
    let mut body = Vec::new();
    if chunked {
        read_chunks(stream, &mut body)?;
    } else {
        stream.take(length).read_to_end(&mut body)?;
    }
    Ok(Answer { code, body: parsed(&body), warnings })
}

fn read_chunks(stream: &mut BufReader<TcpStream>, body: &mut Vec<u8>) -> Result<(), io::Error> {
    loop {
        let mut line = String::new();
        stream.read_line(&mut line)?;
        let size = u64::from_str_radix(line.trim(), 16).map_err(io::Error::other)?;
        if size > BODY_MAX {
            return Err(io::Error::other("a chunk that is too large"));
        }
        stream.by_ref().take(size).read_to_end(body)?;
        line.clear();
        stream.read_line(&mut line)?;
        if size == 0 {
            return Ok(());
        }
    }
}
