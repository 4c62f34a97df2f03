//! Who is whose neighbour: flat in memory, packed in the file.

use clip_rs_catalog::index::{put_list, take_list};

use super::IndexError;

/// For each item the items to look at next, and where a walk may begin.
#[derive(Default)]
pub(super) struct Graph {
    /// Ascending; none only where there are no items.
    entrances: Vec<u32>,
    /// Where in `neighbours` those of an item begin, and behind the last one where they end.
    starts: Vec<u32>,
    neighbours: Vec<u32>,
}

impl Graph {
    /// Made of ascending ordinals: the entrances, and for each item its neighbours.
    pub(super) fn new(entrances: Vec<u32>, lists: &[Vec<u32>]) -> Self {
        let ends = lists.iter().scan(0, |end, list| {
            *end += list.len() as u32;
            Some(*end)
        });
        Self { entrances, starts: [0].into_iter().chain(ends).collect(), neighbours: lists.concat() }
    }

    pub(super) fn entrances(&self) -> &[u32] {
        &self.entrances
    }

    /// The neighbours of an item, ascending.
    pub(super) fn neighbours(&self, ordinal: u32) -> &[u32] {
        let at = ordinal as usize;
        &self.neighbours[self.starts[at] as usize..self.starts[at + 1] as usize]
    }

    /// Neighbours of all items together.
    pub(super) fn edges(&self) -> usize {
        self.neighbours.len()
    }

    /// Appends the graph as it is in the file.
    pub(super) fn encode(&self, bytes: &mut Vec<u8>) {
        put_list(&self.entrances, bytes);
        for ends in self.starts.windows(2) {
            put_list(&self.neighbours[ends[0] as usize..ends[1] as usize], bytes);
        }
    }

    /// Reads the graph of `count` items which have `edges` neighbours; all of `bytes` is the graph.
    pub(super) fn decode(mut bytes: &[u8], count: usize, edges: usize) -> Result<Self, IndexError> {
        let wrong = |fault: String| IndexError::Content(fault);
        // A list takes at least a byte, and so does a neighbour: nothing larger than the file is allocated.
        if count.saturating_add(edges) > bytes.len() {
            let found = bytes.len();
            return Err(wrong(format!("{found} bytes of graph for {count} items with {edges} neighbours")));
        }
        let mut entrances = Vec::new();
        if take_list(&mut bytes, count as u32, count, &mut entrances).is_none()
            || entrances.is_empty() != (count == 0)
        {
            return Err(wrong("the list of entrances is damaged".into()));
        }
        let mut starts = Vec::with_capacity(count + 1);
        let mut neighbours = Vec::with_capacity(edges);
        starts.push(0);
        for ordinal in 0..count {
            take_list(&mut bytes, count as u32, edges, &mut neighbours)
                .ok_or_else(|| wrong(format!("the neighbours of item {ordinal} are damaged")))?;
            starts.push(neighbours.len() as u32);
        }
        match (neighbours.len() == edges, bytes.len()) {
            (true, 0) => Ok(Self { entrances, starts, neighbours }),
            (true, left) => Err(wrong(format!("{left} bytes after its end"))),
            (false, _) => Err(wrong(format!("{} neighbours, not {edges}", neighbours.len()))),
        }
    }
}
