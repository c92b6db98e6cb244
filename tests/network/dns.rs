//! A DNS server with a few names on 127.0.0.1:53, for a network namespace.

use std::collections::HashMap;
use std::net::{IpAddr, UdpSocket};
use std::sync::{Arc, Mutex};

const A: u16 = 1;
const AAAA: u16 = 28;
const NO_SUCH_NAME: u16 = 3;

/// The names that were asked for, in the order of their first question.
#[derive(Clone, Default)]
pub(crate) struct Asked(Arc<Mutex<Vec<String>>>);

impl Asked {
    pub(crate) fn names(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }

    fn note(&self, name: &str) {
        let mut names = self.0.lock().unwrap();
        if !names.iter().any(|known| known == name) {
            names.push(name.to_owned());
        }
    }
}

/// Answers for these names until the process ends.
pub(crate) fn serve(zone: &[(&str, &str)]) -> Asked {
    let zone: HashMap<String, IpAddr> =
        zone.iter().map(|(name, ip)| ((*name).to_owned(), ip.parse().unwrap())).collect();
    let socket = UdpSocket::bind("127.0.0.1:53").unwrap();
    let asked = Asked::default();
    let noted = asked.clone();
    std::thread::spawn(move || {
        let mut buffer = [0; 1500];
        while let Ok((length, peer)) = socket.recv_from(&mut buffer) {
            let answer = answer(&buffer[..length], &zone, &noted);
            socket.send_to(&answer, peer).unwrap();
        }
    });
    asked
}

/// An answer in the form of RFC 1035, section 4.
fn answer(query: &[u8], zone: &HashMap<String, IpAddr>, asked: &Asked) -> Vec<u8> {
    let mut labels = Vec::new();
    let mut at = 12;
    while query[at] != 0 {
        let length = usize::from(query[at]);
        labels.push(String::from_utf8(query[at + 1..=at + length].to_vec()).unwrap());
        at += length + 1;
    }
    let name = labels.join(".").to_lowercase();
    let kind = u16::from_be_bytes([query[at + 1], query[at + 2]]);
    let question = &query[12..at + 5];
    asked.note(&name);
    let known = zone.get(&name);
    let data = match known {
        Some(IpAddr::V4(ip)) if kind == A => ip.octets().to_vec(),
        Some(IpAddr::V6(ip)) if kind == AAAA => ip.octets().to_vec(),
        _ => Vec::new(),
    };
    let flags = 0x8180 | if known.is_none() { NO_SUCH_NAME } else { 0 };
    let mut answer = query[..2].to_vec();
    for number in [flags, 1, u16::from(!data.is_empty()), 0, 0] {
        answer.extend(number.to_be_bytes());
    }
    answer.extend(question);
    if !data.is_empty() {
        // The name of the question, its kind, class IN, 60 seconds.
        answer.extend([0xc0, 12]);
        answer.extend(kind.to_be_bytes());
        answer.extend([0, 1, 0, 0, 0, 60]);
        answer.extend(u16::try_from(data.len()).unwrap().to_be_bytes());
        answer.extend(data);
    }
    answer
}
