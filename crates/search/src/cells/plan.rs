//! Which cells to read for a query: the most promising ones, in as few requests as it takes.
//!
//! What is wanted of a file on a server costs by the byte and by the request. So the most promising cells are taken up to a number
//! of bytes; then stretches of them are joined where little lies between, until they are few enough. What lies between comes along
//! and is searched as well; where it would be more than the cells themselves, the least promising of them are left out.

use std::ops::Range;

use clip_rs_catalog::cells::CellRef;

use crate::index::Rank;

/// What a query may cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// Bytes of the most promising cells; what comes along between them is at most as much again.
    pub bytes: u64,
    /// Most requests.
    pub requests: usize,
    /// A gap of so few bytes costs less than another request.
    pub gap: u64,
}

impl Budget {
    /// Cells of more bytes than these take twice as many to find as much: 1.9 million items of rs-small.
    const LARGE: u64 = 128 << 20;

    /// For all items of a catalog whose cells are so many bytes together. What finds nineteen of the twenty best among a million items
    /// of rs-small, and more than nine of ten among ten million (`docs/SCALE.md`).
    pub fn of(all: u64) -> Self {
        let bytes = if all < Self::LARGE { 1_200_000 } else { 2_400_000 };
        Self { bytes, requests: 20, gap: 8_000 }
    }

    /// For some of the items, most of what is near the query being others. It has more requests as well: joining as many cells into
    /// few stretches would bring along several times as much.
    pub fn of_some(all: u64) -> Self {
        let whole = Self::of(all);
        Self { bytes: 4 * whole.bytes, requests: 3 * whole.requests, ..whole }
    }
}

/// Cells that are read by one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stretch {
    /// Their numbers.
    pub cells: Range<usize>,
    /// Their bytes in the file of cells.
    pub bytes: Range<u64>,
}

/// How many times its bytes a plan may have with what comes along between; else fewer cells are chosen.
const WITH_GAPS: u64 = 2;

/// The stretches for cells that promise so much, the most promising one first.
pub(super) fn plan(cells: &[CellRef], promise: &[f32], budget: Budget) -> Vec<Stretch> {
    let mut order: Vec<Rank> =
        promise.iter().enumerate().map(|(cell, promise)| Rank::new(cell as u32, *promise)).collect();
    order.sort_unstable();
    let mut chosen = Vec::new();
    let mut bytes = 0;
    for at in order.into_iter().map(|rank| rank.ordinal() as usize) {
        let Some(cell) = cells.get(at).filter(|cell| cell.count > 0) else { continue };
        bytes += u64::from(cell.length);
        if !chosen.is_empty() && bytes > budget.bytes {
            break;
        }
        chosen.push(at);
    }
    let mut found = stretches(cells, &chosen, budget);
    let bytes = |found: &[Stretch]| -> u64 { found.iter().map(|s| s.bytes.end - s.bytes.start).sum() };
    while chosen.len() > 1 && bytes(&found) > budget.bytes.saturating_mul(WITH_GAPS) {
        chosen.truncate(chosen.len() * 9 / 10);
        found = stretches(cells, &chosen, budget);
    }
    let best = |stretch: &Stretch| {
        promise[stretch.cells.clone()].iter().fold(f32::NEG_INFINITY, |most, x| most.max(*x))
    };
    let mut order: Vec<Rank> =
        found.iter().enumerate().map(|(at, stretch)| Rank::new(at as u32, best(stretch))).collect();
    order.sort_unstable();
    order.into_iter().filter_map(|rank| found.get(rank.ordinal() as usize).cloned()).collect()
}

/// The stretches that hold the chosen cells, in the order of the file.
fn stretches(cells: &[CellRef], chosen: &[usize], budget: Budget) -> Vec<Stretch> {
    let mut chosen = chosen.to_vec();
    chosen.sort_unstable();
    let mut stretches: Vec<Stretch> = Vec::new();
    for (at, cell) in chosen.into_iter().filter_map(|at| Some((at, cells.get(at)?))) {
        let end = cell.start + u64::from(cell.length);
        match stretches.last_mut().filter(|last| cell.start - last.bytes.end <= budget.gap) {
            Some(last) => (last.cells.end, last.bytes.end) = (at + 1, end),
            None => stretches.push(Stretch { cells: at..at + 1, bytes: cell.start..end }),
        }
    }
    join(&mut stretches, budget.requests.max(1));
    stretches
}

/// Joins stretches, which are in the order of the file, where the least lies between, until they are few enough.
fn join(stretches: &mut Vec<Stretch>, most: usize) {
    while stretches.len() > most {
        let gap = |at: usize| stretches[at].bytes.start - stretches[at - 1].bytes.end;
        let Some(at) = (1..stretches.len()).min_by_key(|at| gap(*at)) else { break };
        let next = stretches.remove(at);
        let last = &mut stretches[at - 1];
        (last.cells.end, last.bytes.end) = (next.cells.end, next.bytes.end);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dice::Dice;

    fn cells(count: usize, dice: &mut Dice) -> Vec<CellRef> {
        let mut start = 0;
        let cell = |_| {
            let length = 100 + dice.below(900) as u32;
            start += u64::from(length);
            CellRef {
                count: 1,
                start: start - u64::from(length),
                length,
                digest: [0; 8],
                scale: 0.0,
                offset: 0,
            }
        };
        (0..count).map(cell).collect()
    }

    #[test]
    fn the_best_cells_are_read_in_no_more_requests_and_bytes_than_allowed() {
        let seed = 8;
        let mut dice = Dice::new(seed);
        for requests in [1, 2, 7, 1000] {
            let cells = cells(300, &mut dice);
            let promise: Vec<f32> = (0..300).map(|_| dice.unit() as f32).collect();
            let stretches = plan(&cells, &promise, Budget { bytes: 20_000, requests, gap: 0 });
            assert!(stretches.len() <= requests, "seed {seed}: {} of {requests}", stretches.len());
            let read = |cell: usize| stretches.iter().any(|stretch| stretch.cells.contains(&cell));
            let mut best: Vec<usize> = (0..300).collect();
            best.sort_by(|a, b| promise[*b].total_cmp(&promise[*a]));
            let read_in_all: u64 =
                stretches.iter().map(|stretch| stretch.bytes.end - stretch.bytes.start).sum();
            let mut bytes = 0;
            let within = |cell: &usize| {
                bytes += u64::from(cells[*cell].length);
                bytes <= 20_000
            };
            let affordable: Vec<usize> = best.into_iter().take_while(within).collect();
            let missed = affordable.iter().position(|cell| !read(*cell)).unwrap_or(affordable.len());
            assert!(missed >= 1 && read_in_all <= 40_000, "seed {seed}: {missed} cells, {read_in_all} bytes");
            if requests == 1000 {
                assert_eq!(missed, affordable.len(), "seed {seed}: all that can be afforded are read");
            }
            for stretch in &stretches {
                let [first, last] = [stretch.cells.start, stretch.cells.end - 1].map(|cell| &cells[cell]);
                assert_eq!(stretch.bytes, first.start..last.start + u64::from(last.length));
            }
            let promises = stretches.iter().map(|stretch| promise[stretch.cells.clone()].iter().copied());
            let best: Vec<f32> = promises.map(|all| all.fold(0.0, f32::max)).collect();
            assert!(best.is_sorted_by(|a, b| a >= b), "the most promising one comes first");
        }
    }

    #[test]
    fn a_narrow_gap_is_read_along_and_one_cell_is_read_however_large() {
        let mut dice = Dice::new(1);
        let cells = cells(3, &mut dice);
        let of = |bytes, gap| plan(&cells, &[0.9, 0.1, 0.8], Budget { bytes, requests: 9, gap });
        assert_eq!(of(5000, 0).len(), 1, "all three fit");
        let two = u64::from(cells[0].length + cells[2].length);
        assert_eq!(of(two, 0).len(), 2);
        let only = |stretches: Vec<Stretch>| match stretches.as_slice() {
            [one] => one.cells.clone(),
            more => panic!("{more:?}"),
        };
        assert_eq!(only(of(two, 1000)), 0..3);
        assert_eq!(only(of(1, 0)), 0..1);
        assert_eq!(plan(&[], &[], Budget::of(0)), []);
    }
}
