//! A decompressor written down from RFC 1951 a second time, slow and strict: it refuses what refers
//! back further than was negotiated, which zlib's take for granted.

use alloc::vec;
use alloc::vec::Vec;

/// What a peer keeps: all that it was told in compressed messages.
pub(super) struct Reference {
    window_bytes: usize,
    context_takeover: bool,
    told: Vec<u8>,
}

impl Reference {
    pub(super) fn new(window_bytes: usize, context_takeover: bool) -> Self {
        Self {
            window_bytes,
            context_takeover,
            told: Vec::new(),
        }
    }

    /// The message behind the payload of a compressed one.
    pub(super) fn inflate(&mut self, payload: &[u8]) -> Vec<u8> {
        if !self.context_takeover {
            self.told.clear();
        }
        let start = self.told.len();
        let bytes = [payload, &[0x00, 0x00, 0xFF, 0xFF]].concat();
        let mut bits = Bits { bytes, at: 0 };
        while bits.at < bits.bytes.len() * 8 {
            assert_eq!(bits.take(1), 0, "a final block");
            match bits.take(2) {
                0 => self.stored(&mut bits),
                1 => self.coded(&mut bits, &fixed()),
                2 => {
                    let codes = dynamic(&mut bits);
                    self.coded(&mut bits, &codes);
                }
                _ => panic!("a reserved block type"),
            }
        }
        self.told[start..].to_vec()
    }

    fn stored(&mut self, bits: &mut Bits) {
        bits.at = bits.at.next_multiple_of(8);
        let len = bits.take(16);
        assert_eq!(len ^ 0xFFFF, bits.take(16));
        for _ in 0..len {
            self.told.push(bits.take(8) as u8);
        }
    }

    fn coded(&mut self, bits: &mut Bits, (literals, distances): &(Code, Code)) {
        loop {
            match literals.read(bits) {
                byte @ 0..=255 => self.told.push(byte as u8),
                256 => return,
                symbol => {
                    let (base, extra) = LENGTHS[symbol - 257];
                    let len = base + bits.take(extra);
                    let (base, extra) = DISTANCES[distances.read(bits)];
                    let distance = base + bits.take(extra);
                    assert!(
                        distance <= self.window_bytes,
                        "{distance} is beyond the window"
                    );
                    for _ in 0..len {
                        let from = self.told.len().checked_sub(distance);
                        self.told
                            .push(self.told[from.expect("before the first byte")]);
                    }
                }
            }
        }
    }
}

struct Bits {
    bytes: Vec<u8>,
    at: usize,
}

impl Bits {
    fn take(&mut self, count: usize) -> usize {
        let bit = |at: usize| usize::from(self.bytes[at / 8] >> (at % 8) & 1);
        let value = (0..count).map(|index| bit(self.at + index) << index).sum();
        self.at += count;
        value
    }
}

/// The lengths of the codes of all symbols (section 3.2.2), in the order of their codes.
struct Code {
    counts: [usize; 16],
    symbols: Vec<usize>,
}

impl Code {
    fn new(lengths: &[usize]) -> Self {
        let mut counts = [0; 16];
        let mut symbols = Vec::new();
        for (len, count) in counts.iter_mut().enumerate().skip(1) {
            let known = symbols.len();
            let all = lengths.iter().enumerate();
            symbols.extend(
                all.filter(|(_, other)| **other == len)
                    .map(|(symbol, _)| symbol),
            );
            *count = symbols.len() - known;
        }
        Self { counts, symbols }
    }

    fn read(&self, bits: &mut Bits) -> usize {
        let (mut code, mut first, mut index) = (0, 0, 0);
        for count in &self.counts[1..] {
            code = code << 1 | bits.take(1);
            if code < first + count {
                return self.symbols[index + code - first];
            }
            index += count;
            first = (first + count) << 1;
        }
        panic!("no such code")
    }
}

fn fixed() -> (Code, Code) {
    let mut lengths = vec![8; 288];
    lengths[144..256].fill(9);
    lengths[256..280].fill(7);
    (Code::new(&lengths), Code::new(&[5; 30]))
}

fn dynamic(bits: &mut Bits) -> (Code, Code) {
    let literal_count = bits.take(5) + 257;
    let distance_count = bits.take(5) + 1;
    let length_count = bits.take(4) + 4;
    let mut lengths = [0; 19];
    for place in &ORDER[..length_count] {
        lengths[*place] = bits.take(3);
    }
    let code = Code::new(&lengths);
    let mut lengths = Vec::new();
    while lengths.len() < literal_count + distance_count {
        let (len, count) = match code.read(bits) {
            16 => (*lengths.last().unwrap(), 3 + bits.take(2)),
            17 => (0, 3 + bits.take(3)),
            18 => (0, 11 + bits.take(7)),
            len => (len, 1),
        };
        lengths.extend(vec![len; count]);
    }
    let (literals, distances) = lengths.split_at(literal_count);
    (Code::new(literals), Code::new(distances))
}

/// Section 3.2.7.
const ORDER: [usize; 19] = [
    16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15,
];

/// Section 3.2.5: the first length of a symbol, and its extra bits.
const LENGTHS: [(usize, usize); 29] = [
    (3, 0),
    (4, 0),
    (5, 0),
    (6, 0),
    (7, 0),
    (8, 0),
    (9, 0),
    (10, 0),
    (11, 1),
    (13, 1),
    (15, 1),
    (17, 1),
    (19, 2),
    (23, 2),
    (27, 2),
    (31, 2),
    (35, 3),
    (43, 3),
    (51, 3),
    (59, 3),
    (67, 4),
    (83, 4),
    (99, 4),
    (115, 4),
    (131, 5),
    (163, 5),
    (195, 5),
    (227, 5),
    (258, 0),
];
const DISTANCES: [(usize, usize); 30] = [
    (1, 0),
    (2, 0),
    (3, 0),
    (4, 0),
    (5, 1),
    (7, 1),
    (9, 2),
    (13, 2),
    (17, 3),
    (25, 3),
    (33, 4),
    (49, 4),
    (65, 5),
    (97, 5),
    (129, 6),
    (193, 6),
    (257, 7),
    (385, 7),
    (513, 8),
    (769, 8),
    (1025, 9),
    (1537, 9),
    (2049, 10),
    (3073, 10),
    (4097, 11),
    (6145, 11),
    (8193, 12),
    (12289, 12),
    (16385, 13),
    (24577, 13),
];
