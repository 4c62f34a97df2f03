//! Spherical k-means: the numbers behind clusters.
//!
//! An item belongs to the centroid with the largest cosine, a centroid is the direction of its items' sum (Dhillon and Modha
//! 2001, <https://doi.org/10.1023/A:1007612920971>). It begins with greedy k-means++ (Arthur and Vassilvitskii 2007,
//! <https://dl.acm.org/doi/10.5555/1283383.1283494>), where the squared distance of unit vectors is twice 1 less their
//! cosine. Centroids are compared as int8 codes, like queries.
//!
//! A small group between large ones is easily missed by the seeds: there are twice as many as needed, and after some rounds
//! those clusters are joined that are the most alike.
//!
//! Of many items a sample finds the centroids, and all of them move these once more.

use super::{code, cosines};
use crate::code::CodeError;
use crate::dice::Dice;
use crate::{Code, Embedding, ItemRef, Shard};

/// Most items of the sample that finds the centroids.
const SAMPLE: usize = 20_000;
/// Most rounds of assigning and averaging it; usually fewer are needed.
const ROUNDS: usize = 25;
/// Seeds for each centroid that is wanted, and rounds before there are as many as wanted.
const SEEDS: (usize, usize) = (2, 4);
/// A round that moves less than one item in so many is the last.
const SETTLED: usize = 1000;

/// At most `count` centroids, each the nearest to some of `items`, which exist, are of one dimension and in the order of
/// shards.
pub(super) fn k_means(
    shards: &[Shard],
    items: &[ItemRef],
    count: usize,
    dice: &mut Dice,
) -> Result<Vec<Embedding>, CodeError> {
    let sample = sample(items, dice);
    let (times, rounds) = SEEDS;
    let seeds = seeds(shards, &sample, (times * count).min(sample.len()), dice)?;
    let many = lloyd(shards, &sample, seeds, rounds)?;
    let labels = nearest(shards, &sample, &many)?;
    let fewer = join(Mean::of(shards, &sample, &labels, &many), count);
    let centroids = lloyd(shards, &sample, moved_to(fewer), ROUNDS)?;
    if sample.len() == items.len() {
        return Ok(centroids);
    }
    let labels = nearest(shards, items, &centroids)?;
    Ok(moved_to(Mean::of(shards, items, &labels, &centroids)))
}

/// Assigns the items and moves the centroids until they settle, at most so many rounds.
fn lloyd(
    shards: &[Shard],
    items: &[ItemRef],
    mut centroids: Vec<Embedding>,
    rounds: usize,
) -> Result<Vec<Embedding>, CodeError> {
    let mut former: Vec<u32> = Vec::new();
    for _ in 0..rounds {
        let labels = nearest(shards, items, &centroids)?;
        let moved = labels.iter().zip(&former).filter(|(now, before)| now != before).count();
        let settled = former.len() == labels.len() && moved * SETTLED <= labels.len();
        centroids = moved_to(Mean::of(shards, items, &labels, &centroids));
        if settled {
            break;
        }
        former = labels;
    }
    Ok(centroids)
}

/// Joins clusters until at most `count` have items, each time the two that lose the least by it (Ward 1963,
/// <https://doi.org/10.1080/01621459.1963.10500845>): the sum of all cosines to the centroids falls by the lengths of both sums
/// less that of their sum. The others are empty.
fn join(mut means: Vec<Mean>, count: usize) -> Vec<Mean> {
    let all = means.len();
    // The products of the sums.
    let mut products = vec![0.0; all * all];
    for (row, a) in products.chunks_exact_mut(all.max(1)).zip(&means) {
        for (product, b) in row.iter_mut().zip(&means) {
            *product = a.sum.iter().zip(&b.sum).map(|(a, b)| a * b).sum::<f64>();
        }
    }
    let mut left: Vec<usize> = (0..all).filter(|at| means[*at].size > 0).collect();
    while left.len() > count.max(1) {
        let mut best = (f64::INFINITY, 0, 0);
        for (at, &a) in left.iter().enumerate() {
            for &b in &left[..at] {
                let [aa, bb, ab] = [(a, a), (b, b), (a, b)].map(|(row, column)| products[row * all + column]);
                let loss = aa.sqrt() + bb.sqrt() - (aa + bb + 2.0 * ab).max(0.0).sqrt();
                if loss < best.0 {
                    best = (loss, b, a);
                }
            }
        }
        let (loss, kept, gone) = best;
        if !loss.is_finite() {
            break;
        }
        for other in 0..all {
            products[kept * all + other] += products[gone * all + other];
        }
        for other in 0..all {
            products[other * all + kept] += products[other * all + gone];
        }
        let mut taken = means[gone].clone();
        means[kept].absorb(&mut taken);
        means[gone].size = 0;
        left.retain(|at| *at != gone);
    }
    means
}

/// The items of a cluster, summed up.
#[derive(Debug, Clone)]
pub(super) struct Mean {
    sum: Vec<f64>,
    pub(super) size: usize,
    /// The direction of the sum; where they cancel out, that of the former centroid.
    pub(super) centroid: Embedding,
}

impl Mean {
    /// Of the items with each label; `centroids` are the former ones.
    pub(super) fn of(
        shards: &[Shard],
        items: &[ItemRef],
        labels: &[u32],
        centroids: &[Embedding],
    ) -> Vec<Self> {
        let empty = |centroid: &Embedding| Self {
            sum: vec![0.0; centroid.dim()],
            size: 0,
            centroid: centroid.clone(),
        };
        let mut means: Vec<Self> = centroids.iter().map(empty).collect();
        for (item, label) in items.iter().zip(labels) {
            if let (Some(code), Some(mean)) = (code(shards, *item), means.get_mut(*label as usize)) {
                let scale = f64::from(code.scale());
                let numbers = mean.sum.iter_mut().zip(code.as_slice());
                numbers.for_each(|(sum, number)| *sum += f64::from(*number) * scale);
                mean.size += 1;
            }
        }
        means.iter_mut().for_each(Self::turn);
        means
    }

    /// Takes over the items of another one.
    pub(super) fn absorb(&mut self, other: &mut Self) {
        self.sum.iter_mut().zip(&mut other.sum).for_each(|(sum, other)| *sum += std::mem::take(other));
        self.size += std::mem::take(&mut other.size);
        self.turn();
    }

    fn turn(&mut self) {
        if let Ok(centroid) = Embedding::new(self.sum.iter().map(|sum| *sum as f32).collect()) {
            self.centroid = centroid;
        }
    }

    /// The length of the sum: the sum of the items' cosines to its direction.
    fn length(&self) -> f64 {
        self.sum.iter().map(|sum| sum * sum).sum::<f64>().sqrt()
    }

    /// Mean of 1 less the cosine of an item to the centroid, 0..=1.
    pub(super) fn spread(&self) -> f32 {
        (1.0 - self.length() / self.size.max(1) as f64).clamp(0.0, 1.0) as f32
    }
}

/// The centroids, without those that have no items.
fn moved_to(means: Vec<Mean>) -> Vec<Embedding> {
    means.into_iter().filter(|mean| mean.size > 0).map(|mean| mean.centroid).collect()
}

/// For each item the place of the centroid with the largest cosine; of equal ones the first.
pub(super) fn nearest(
    shards: &[Shard],
    items: &[ItemRef],
    centroids: &[Embedding],
) -> Result<Vec<u32>, CodeError> {
    let codes = centroids.iter().map(Code::new).collect::<Result<Vec<_>, _>>()?;
    let mut best = vec![f32::NEG_INFINITY; items.len()];
    let mut labels = vec![0; items.len()];
    cosines(shards, &codes, items, |centroid, at, cosine| {
        if let (Some(best), Some(label)) = (best.get_mut(at), labels.get_mut(at))
            && cosine > *best
        {
            (*best, *label) = (cosine, centroid as u32);
        }
    });
    Ok(labels)
}

/// At most [`SAMPLE`] of the items: one at random of each of as many stretches.
fn sample(items: &[ItemRef], dice: &mut Dice) -> Vec<ItemRef> {
    if items.len() <= SAMPLE {
        return items.to_vec();
    }
    let stretch = items.len() as f64 / SAMPLE as f64;
    let places = (0..SAMPLE).map(|at| ((at as f64 + dice.unit()) * stretch) as usize);
    places.filter_map(|at| items.get(at).copied()).collect()
}

/// Greedy k-means++: of a few items drawn by their distance to the nearest seed, the next seed is the one that leaves the
/// smallest distances. Fewer than `count` where no other item is left that is apart.
fn seeds(
    shards: &[Shard],
    items: &[ItemRef],
    count: usize,
    dice: &mut Dice,
) -> Result<Vec<Embedding>, CodeError> {
    let tries = 2 + (count.max(1) as f64).ln() as usize;
    let mut seeds = Vec::with_capacity(count);
    // None is farther apart.
    let mut distances = vec![2.0_f32; items.len()];
    let mut drawn = vec![dice.below(items.len())];
    while seeds.len() < count {
        let tried = drawn.iter().filter_map(|at| code(shards, *items.get(*at)?)?.embedding().ok());
        let mut tried: Vec<Embedding> = tried.collect();
        let codes = tried.iter().map(Code::new).collect::<Result<Vec<_>, _>>()?;
        let mut left = vec![0.0_f64; codes.len()];
        let distance = |former: f32, cosine: f32| former.min(1.0 - cosine).max(0.0);
        cosines(shards, &codes, items, |query, at, cosine| {
            if let (Some(left), Some(former)) = (left.get_mut(query), distances.get(at)) {
                *left += f64::from(distance(*former, cosine));
            }
        });
        let best = left.iter().enumerate().min_by(|(_, a), (_, b)| a.total_cmp(b)).map(|(at, _)| at);
        let Some((best, code)) = best.and_then(|best| Some((best, codes.get(best)?))) else { break };
        cosines(shards, std::slice::from_ref(code), items, |_, at, cosine| {
            if let Some(kept) = distances.get_mut(at) {
                *kept = distance(*kept, cosine);
            }
        });
        seeds.push(tried.swap_remove(best));
        drawn = draw(&distances, tries, dice);
        if drawn.is_empty() {
            break;
        }
    }
    Ok(seeds)
}

/// Places drawn with chances in proportion to `distances`; none where all are (nearly) 0.
fn draw(distances: &[f32], count: usize, dice: &mut Dice) -> Vec<usize> {
    let sum: f64 = distances.iter().map(|distance| f64::from(*distance)).sum();
    if sum < 1e-6 * distances.len() as f64 {
        return Vec::new();
    }
    let mut marks: Vec<f64> = (0..count).map(|_| dice.unit() * sum).collect();
    marks.sort_unstable_by(f64::total_cmp);
    let mut marks = marks.into_iter().peekable();
    let mut passed = 0.0;
    let mut drawn = Vec::with_capacity(count);
    for (at, distance) in distances.iter().enumerate() {
        passed += f64::from(*distance);
        while marks.next_if(|mark| *mark < passed).is_some() {
            drawn.push(at);
        }
    }
    drawn
}
