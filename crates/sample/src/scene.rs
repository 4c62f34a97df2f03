//! The county as a list of painted things, binned by tile, and the tools with which the site plans add to it.

use crate::class::Class;
use crate::geometry::{Bounds, Frame, P, p};
use crate::palette::Ink;
use clip_rs_stage::dice::Dice;

/// Painting order. What comes after `SHADOW` stands above the ground: it casts shadows and is not shaded.
pub mod layer {
    pub const GROUND: u8 = 0;
    pub const WATER: u8 = 1;
    pub const SURFACE: u8 = 2;
    pub const ROAD: u8 = 3;
    pub const MARK: u8 = 4;
    pub const SHADOW: u8 = 5;
    pub const DECK: u8 = 5;
    pub const DECK_MARK: u8 = 6;
    pub const VEHICLE: u8 = 7;
    pub const BUILDING: u8 = 8;
    pub const TOP: u8 = 9;
}

/// The form of a roof.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Roof {
    Flat,
    Gable,
    Hip,
}

/// One painted thing, in world metres.
#[derive(Clone, Debug)]
pub enum Draw {
    /// A filled outline.
    Fill { points: Vec<P>, ink: Ink },
    /// A filled outline that stands `height` metres above the ground.
    Raised { points: Vec<P>, ink: Ink, height: f64 },
    /// A line of some width; `dash` is (on, off) in metres.
    Line { points: Vec<P>, width: f64, ink: Ink, dash: Option<(f64, f64)> },
    /// A building: its middle, turned by the frame's angle, `length` along it.
    Building { frame: Frame, length: f64, depth: f64, height: f64, roof: Roof, rgb: [u8; 3], seed: u64 },
    /// A cylinder seen from above.
    Tank { centre: P, radius: f64, height: f64, rgb: [u8; 3] },
    /// A car, van or lorry.
    Vehicle { frame: Frame, length: f64, width: f64, rgb: [u8; 3] },
    /// An aeroplane of some length from nose to tail.
    Plane { frame: Frame, length: f64, rgb: [u8; 3] },
    /// A boat of some length.
    Boat { frame: Frame, length: f64, rgb: [u8; 3] },
    /// One tree.
    Tree { centre: P, radius: f64, seed: u64 },
}

/// A painted thing with its place in the order and what it belongs to.
#[derive(Clone, Debug)]
pub struct Item {
    pub layer: u8,
    pub place: Class,
    /// Which clip outline of the scene it is cut with.
    pub clip: Option<u32>,
    pub draw: Draw,
}

impl Item {
    /// What the thing covers, its shadow apart, and how high it is, in metres.
    pub fn extent(&self) -> (Bounds, f64) {
        match &self.draw {
            Draw::Fill { points, .. } => (Bounds::of(points, 0.0), 0.0),
            Draw::Raised { points, height, .. } => (Bounds::of(points, 0.0), *height),
            Draw::Line { points, width, .. } => (Bounds::of(points, *width), 0.0),
            Draw::Building { frame, length, depth, height, .. } => {
                (Bounds::of(&frame.centred(0.0, 0.0, *length, *depth), 1.0), *height)
            }
            Draw::Tank { centre, radius, height, .. } => (Bounds::of(&[*centre], *radius + 1.0), *height),
            Draw::Vehicle { frame, length, .. } => (Bounds::of(&[frame.origin], *length), 2.0),
            Draw::Plane { frame, length, .. } => (Bounds::of(&[frame.origin], *length * 0.75), 5.0),
            Draw::Boat { frame, length, .. } => (Bounds::of(&[frame.origin], *length), 2.0),
            Draw::Tree { centre, radius, .. } => (Bounds::of(&[*centre], *radius * 1.3), *radius * 2.6),
        }
    }
}

/// Something that can be counted, at its centre.
#[derive(Clone, Copy, Debug)]
pub struct Instance {
    pub class: Class,
    pub at: P,
    /// Half its size in metres: it counts for a tile that holds a sizeable part of it.
    pub radius: f64,
}

/// A house number in a street.
#[derive(Clone, Debug)]
pub struct Address {
    pub at: P,
    pub text: String,
}

/// Collects what the county is made of; site plans draw on it.
pub struct Stage {
    pub items: Vec<Item>,
    pub clips: Vec<Vec<P>>,
    pub instances: Vec<Instance>,
    pub addresses: Vec<Address>,
    /// What the things drawn now belong to.
    pub place: Class,
    /// Outline with which the things drawn now are cut.
    pub clip: Option<u32>,
    pub dice: Dice,
}

impl Stage {
    /// An empty stage.
    pub fn new(seed: u64) -> Self {
        Self {
            items: Vec::new(),
            clips: Vec::new(),
            instances: Vec::new(),
            addresses: Vec::new(),
            place: Class::None,
            clip: None,
            dice: Dice::new(seed, 1),
        }
    }

    fn push(&mut self, layer: u8, draw: Draw) {
        self.items.push(Item { layer, place: self.place, clip: self.clip, draw });
    }

    /// A filled outline.
    pub fn fill(&mut self, layer: u8, points: Vec<P>, ink: Ink) {
        if points.len() > 2 {
            self.push(layer, Draw::Fill { points, ink });
        }
    }

    /// A filled outline above the ground.
    pub fn raised(&mut self, layer: u8, points: Vec<P>, ink: Ink, height: f64) {
        self.push(layer, Draw::Raised { points, ink, height });
    }

    /// A line.
    pub fn line(&mut self, layer: u8, points: Vec<P>, width: f64, ink: Ink) {
        if points.len() > 1 {
            self.push(layer, Draw::Line { points, width, ink, dash: None });
        }
    }

    /// A dashed line: `dash` metres on, `gap` metres off.
    pub fn dashed(&mut self, layer: u8, points: Vec<P>, width: f64, ink: Ink, dash: (f64, f64)) {
        if points.len() > 1 {
            self.push(layer, Draw::Line { points, width, ink, dash: Some(dash) });
        }
    }

    /// A building of `length` by `depth` metres round local (u, v) of a frame.
    pub fn building(&mut self, at: Frame, size: (f64, f64), height: f64, roof: Roof, rgb: [u8; 3]) {
        let seed = (self.dice.unit() * 1e9) as u64;
        self.count(Class::Building, at.origin, size.0.min(size.1) / 2.0);
        let draw = Draw::Building { frame: at, length: size.0, depth: size.1, height, roof, rgb, seed };
        self.push(layer::BUILDING, draw);
    }

    /// A parked or driving car.
    pub fn car(&mut self, frame: Frame) {
        let rgb = *self.dice.pick(crate::palette::CAR_PAINT);
        let rgb = self.dice.shade(rgb, 0.08);
        let (length, width) = (self.dice.range(4.1, 5.0), self.dice.range(1.8, 2.1));
        self.count(Class::Car, frame.origin, 2.0);
        self.push(layer::VEHICLE, Draw::Vehicle { frame, length, width, rgb });
    }

    /// A lorry, goods wagon or other long box.
    pub fn lorry(&mut self, frame: Frame, length: f64, width: f64, rgb: [u8; 3]) {
        self.push(layer::VEHICLE, Draw::Vehicle { frame, length, width, rgb });
    }

    /// An aeroplane.
    pub fn plane(&mut self, frame: Frame, length: f64) {
        let rgb = self.dice.shade([228, 229, 230], 0.04);
        self.count(Class::Airplane, frame.origin, length / 2.0);
        self.push(layer::BUILDING, Draw::Plane { frame, length, rgb });
    }

    /// A boat.
    pub fn boat(&mut self, frame: Frame, length: f64) {
        let rgb = *self.dice.pick(&[
            [232, 232, 228],
            [224, 226, 226],
            [210, 212, 210],
            [236, 234, 226],
            [120, 134, 158],
        ]);
        self.count(Class::Boat, frame.origin, length / 2.0);
        self.push(layer::VEHICLE, Draw::Boat { frame, length, rgb });
    }

    /// A storage tank.
    pub fn tank(&mut self, centre: P, radius: f64, height: f64) {
        let rgb = *self.dice.pick(&[[232, 231, 226], [222, 221, 216], [238, 237, 232], [204, 202, 194]]);
        self.count(Class::StorageTank, centre, radius);
        self.push(layer::BUILDING, Draw::Tank { centre, radius, height, rgb });
    }

    /// A tree.
    pub fn tree(&mut self, centre: P, radius: f64) {
        let seed = (self.dice.unit() * 1e9) as u64;
        self.push(layer::TOP, Draw::Tree { centre, radius, seed });
    }

    /// Notes an object for the counts of the ground truth.
    pub fn count(&mut self, class: Class, at: P, radius: f64) {
        self.instances.push(Instance { class, at, radius });
    }

    /// Runs `f` with everything drawn in it belonging to `place`.
    pub fn within(&mut self, place: Class, f: impl FnOnce(&mut Stage)) {
        let before = std::mem::replace(&mut self.place, place);
        f(self);
        self.place = before;
    }

    /// Runs `f` with everything drawn in it cut with an outline.
    pub fn clipped(&mut self, outline: Vec<P>, f: impl FnOnce(&mut Stage)) {
        self.clips.push(outline);
        let before = self.clip.replace(self.clips.len() as u32 - 1);
        f(self);
        self.clip = before;
    }
}

/// Where the sun stands: shadows fall along `cast` (metres of shadow per metre of height).
#[derive(Clone, Copy, Debug)]
pub struct Sun {
    /// Shadow of a thing one metre high.
    pub cast: P,
    /// Unit vector on the ground towards the sun.
    pub towards: P,
}

impl Sun {
    /// A late-morning to early-afternoon sun of the northern half of the world.
    pub fn new(dice: &mut Dice) -> Sun {
        // East of south to west of south; y runs south.
        let towards = P::at_angle(dice.range(0.9, 2.2));
        Sun { cast: towards * -dice.range(0.75, 1.05), towards }
    }
}

/// The finished county.
pub struct Scene {
    pub items: Vec<Item>,
    pub clips: Vec<Vec<P>>,
    pub instances: Vec<Instance>,
    pub sun: Sun,
    pub seed: u64,
    side: usize,
    bins: Vec<Vec<u32>>,
    instance_bins: Vec<Vec<u32>>,
}

impl Scene {
    /// Sorts a stage's things into the `side` by `side` tiles of `tile_m` metres; `margin_m` is what a tile
    /// looks at beyond its border.
    pub fn new(stage: Stage, sun: Sun, seed: u64, side: usize, tile_m: f64, margin_m: f64) -> Scene {
        let mut bins = vec![Vec::new(); side * side];
        let mut instance_bins = vec![Vec::new(); side * side];
        let each = |b: Bounds, bins: &mut Vec<Vec<u32>>, k: u32| {
            let cell = |v: f64| (v / tile_m).floor();
            let last = side as f64 - 1.0;
            let (x0, x1) = (cell(b.min.x - margin_m).max(0.0), cell(b.max.x + margin_m).min(last));
            let (y0, y1) = (cell(b.min.y - margin_m).max(0.0), cell(b.max.y + margin_m).min(last));
            let (mut y, end) = (y0, y1);
            while y <= end {
                let mut x = x0;
                while x <= x1 {
                    bins[y as usize * side + x as usize].push(k);
                    x += 1.0;
                }
                y += 1.0;
            }
        };
        for (k, item) in stage.items.iter().enumerate() {
            let (bounds, height) = item.extent();
            each(bounds.swept(sun.cast * height), &mut bins, k as u32);
        }
        for (k, i) in stage.instances.iter().enumerate() {
            each(Bounds::of(&[i.at], i.radius), &mut instance_bins, k as u32);
        }
        for bin in &mut bins {
            bin.sort_by_key(|&k| (stage.items[k as usize].layer, k));
        }
        Scene {
            items: stage.items,
            clips: stage.clips,
            instances: stage.instances,
            sun,
            seed,
            side,
            bins,
            instance_bins,
        }
    }

    /// What touches a tile, in painting order.
    pub fn tile_items(&self, column: usize, row: usize) -> impl Iterator<Item = &Item> {
        self.bins[row * self.side + column].iter().map(|&k| &self.items[k as usize])
    }

    /// What can be counted in or beside a tile.
    pub fn tile_instances(&self, column: usize, row: usize) -> impl Iterator<Item = &Instance> {
        self.instance_bins[row * self.side + column].iter().map(|&k| &self.instances[k as usize])
    }
}

/// A point of the drawing helpers' local systems.
pub const ORIGIN: P = p(0.0, 0.0);
