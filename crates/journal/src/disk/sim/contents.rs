//! What a file holds, in pages that copies of it share until one of them is written: an image of a disk costs what differs.

use std::sync::Arc;

/// Bytes of a page.
const PAGE_BYTES: usize = 4096;

/// The bytes of a file.
#[derive(Debug, Clone, Default)]
pub(super) struct Contents {
    bytes: usize,
    /// `None`: zeros. What a page holds behind the end of the file is zero.
    pages: Vec<Option<Arc<[u8; PAGE_BYTES]>>>,
}

/// The part of `offset..end` that lies in each page: its number, where it begins in the page, and its length.
fn parts(offset: usize, end: usize) -> impl Iterator<Item = (usize, usize, usize)> {
    let pages = if offset < end { offset / PAGE_BYTES..end.div_ceil(PAGE_BYTES) } else { 0..0 };
    pages.map(move |page| {
        let from = offset.max(page * PAGE_BYTES);
        let to = end.min((page + 1) * PAGE_BYTES);
        (page, from % PAGE_BYTES, to - from)
    })
}

impl Contents {
    pub(super) fn len(&self) -> usize {
        self.bytes
    }

    /// Makes it at least so long.
    pub(super) fn grow(&mut self, bytes: usize) {
        if bytes > self.bytes {
            self.bytes = bytes;
            self.pages.resize(bytes.div_ceil(PAGE_BYTES), None);
        }
    }

    /// Makes it at most so long.
    pub(super) fn truncate(&mut self, bytes: usize) {
        if bytes < self.bytes {
            let page_end = (bytes.div_ceil(PAGE_BYTES) * PAGE_BYTES).min(self.bytes);
            self.write(bytes, &vec![0; page_end - bytes]);
            self.bytes = bytes;
            self.pages.truncate(bytes.div_ceil(PAGE_BYTES));
        }
    }

    /// How many bytes of `buffer` were filled: fewer than all at the end of the file.
    pub(super) fn read(&self, buffer: &mut [u8], offset: usize) -> usize {
        let count = buffer.len().min(self.bytes.saturating_sub(offset));
        let mut rest = &mut buffer[..count];
        for (page, from, length) in parts(offset, offset + count) {
            let (now, later) = rest.split_at_mut(length);
            match &self.pages[page] {
                Some(page) => now.copy_from_slice(&page[from..from + length]),
                None => now.fill(0),
            }
            rest = later;
        }
        count
    }

    /// Writes, and grows if need be.
    pub(super) fn write(&mut self, offset: usize, bytes: &[u8]) {
        self.grow(offset + bytes.len());
        let mut rest = bytes;
        for (page, from, length) in parts(offset, offset + bytes.len()) {
            let (now, later) = rest.split_at(length);
            let page = &mut self.pages[page];
            if page.is_some() || now.iter().any(|byte| *byte != 0) {
                let page = page.get_or_insert_with(|| Arc::new([0; PAGE_BYTES]));
                Arc::make_mut(page)[from..from + length].copy_from_slice(now);
            }
            rest = later;
        }
    }

    /// What was written, with where it begins; between these parts and behind them are zeros.
    pub(super) fn written(&self) -> Vec<(usize, Vec<u8>)> {
        let pages = self.pages.iter().enumerate().filter(|(_, page)| page.is_some());
        pages.map(|(page, _)| (page * PAGE_BYTES, self.copy(page * PAGE_BYTES, PAGE_BYTES))).collect()
    }

    /// The bytes of a stretch, as far as the file reaches.
    pub(super) fn copy(&self, offset: usize, bytes: usize) -> Vec<u8> {
        let mut copy = vec![0; bytes.min(self.bytes.saturating_sub(offset))];
        self.read(&mut copy, offset);
        copy
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::SplitMix;

    #[test]
    fn it_is_what_a_vector_of_bytes_would_be() {
        for seed in 0..200 {
            let mut random = SplitMix(seed);
            let (mut plain, mut paged) = (Vec::new(), Contents::default());
            let mut copies = Vec::new();
            for _ in 0..20 {
                let offset = random.below(3 * PAGE_BYTES);
                let bytes = random.below(2 * PAGE_BYTES);
                match random.below(5) {
                    0 => {
                        plain.resize(plain.len().max(offset), 0);
                        paged.grow(offset);
                    }
                    1 => {
                        plain.truncate(offset);
                        paged.truncate(offset);
                    }
                    2 => copies.push((plain.clone(), paged.clone())),
                    _ => {
                        let new = vec![random.below(3) as u8; bytes];
                        plain.resize(plain.len().max(offset + bytes), 0);
                        plain[offset..offset + bytes].copy_from_slice(&new);
                        paged.write(offset, &new);
                    }
                }
                let end = (offset + bytes).min(plain.len());
                assert_eq!(paged.copy(offset, bytes), plain[offset.min(end)..end], "seed {seed}");
            }
            copies.push((plain, paged));
            for (plain, paged) in copies {
                assert_eq!(paged.len(), plain.len(), "seed {seed}");
                assert_eq!(paged.copy(0, usize::MAX), plain, "seed {seed}");
                let mut again = vec![0; plain.len()];
                for (offset, bytes) in paged.written() {
                    again[offset..offset + bytes.len()].copy_from_slice(&bytes);
                }
                assert_eq!(again, plain, "seed {seed}");
            }
        }
    }
}
