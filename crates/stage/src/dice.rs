//! A small random generator of our own, so that a seed gives the same county with every version of every crate.

/// SplitMix64: a stream of numbers that depends on the seed alone.
#[derive(Clone, Debug)]
pub struct Dice(u64);

/// Mixes the bits of a number (the finaliser of SplitMix64).
pub fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// A number in 0..1 that belongs to a lattice point, whoever asks and in whatever order.
pub fn lattice(seed: u64, x: i64, y: i64, channel: u64) -> f64 {
    let a = mix(seed ^ (x as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let b =
        mix(a ^ (y as u64).wrapping_mul(0xc2b2_ae3d_27d4_eb4f) ^ channel.wrapping_mul(0x1656_67b1_9e37_79f9));
    (b >> 11) as f64 / (1u64 << 53) as f64
}

impl Dice {
    /// A stream for one purpose (`stream`) of one county (`seed`).
    pub fn new(seed: u64, stream: u64) -> Self {
        Self(mix(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ mix(stream)))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.0)
    }

    /// A number in 0..1.
    pub fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// A number in `low..high`.
    pub fn range(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    /// Any direction, radians.
    pub fn angle(&mut self) -> f64 {
        self.range(0.0, std::f64::consts::TAU)
    }

    /// A whole number in `0..n`; 0 when `n` is 0.
    pub fn below(&mut self, n: usize) -> usize {
        if n == 0 { 0 } else { (self.next() % n as u64) as usize }
    }

    /// True with probability `p`.
    pub fn chance(&mut self, p: f64) -> bool {
        self.unit() < p
    }

    /// One of the elements. The slice must not be empty.
    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }

    /// Puts the elements into a random order (Fisher & Yates).
    pub fn shuffle<T>(&mut self, elements: &mut [T]) {
        for last in (1..elements.len()).rev() {
            elements.swap(last, self.below(last + 1));
        }
    }

    /// A colour near `rgb`: lighter or darker by up to `by`, with a little change of hue.
    pub fn shade(&mut self, rgb: [u8; 3], by: f64) -> [u8; 3] {
        let all = self.range(-by, by);
        rgb.map(|c| (f64::from(c) * (1.0 + all + self.range(-by, by) * 0.2)).clamp(0.0, 255.0) as u8)
    }
}
