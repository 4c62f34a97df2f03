//! Colours and surfaces of the ground as a camera sees them on a clear day: muted, never pure.

use crate::class::Class;

/// What the surface is like: decides its texture, and how many trees grow on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Material {
    Plain = 0,
    /// Rough grass: mottled, with the odd tree.
    Grass,
    /// Mown grass without trees.
    Lawn,
    Woods,
    Soil,
    Asphalt,
    Concrete,
    Water,
    Sand,
    Roof,
    Gravel,
    /// Garden ground between close houses, between houses, and round lone houses: ever more trees.
    YardSmall,
    Yard,
    YardLarge,
    /// Park grass with scattered trees.
    Parkland,
    /// Grass beside roads with groups of trees.
    Verge,
    /// Bushes and young trees.
    Scrub,
    /// A line of trees.
    Hedge,
}

/// The first of the materials for fields with rows; see [`crop`].
pub const CROP_BASE: u8 = 64;

/// The material of a field whose rows run at `angle` radians; `kind` 0..4: fine, wide, mown, ploughed.
pub fn crop(angle: f64, kind: u8) -> u8 {
    let turns = (angle / std::f64::consts::PI).rem_euclid(1.0);
    CROP_BASE + (kind & 3) * 16 + ((turns * 16.0).round() as u8 % 16)
}

/// What a shape is painted with: colour, surface and class.
#[derive(Clone, Copy, Debug)]
pub struct Ink {
    pub rgb: [u8; 3],
    pub material: u8,
    pub class: Class,
}

/// Short for an ink.
pub const fn ink(rgb: [u8; 3], material: Material, class: Class) -> Ink {
    Ink { rgb, material: material as u8, class }
}

impl Ink {
    /// The same surface in another colour.
    pub const fn coloured(self, rgb: [u8; 3]) -> Ink {
        Ink { rgb, ..self }
    }

    /// The same surface as another class.
    pub const fn class(self, class: Class) -> Ink {
        Ink { class, ..self }
    }
}

pub const GRASS: Ink = ink([104, 114, 74], Material::Grass, Class::None);
pub const MEADOW: Ink = ink([122, 124, 84], Material::Grass, Class::None);
pub const VERGE: Ink = ink([100, 110, 72], Material::Verge, Class::None);
pub const LAWN: Ink = ink([94, 116, 66], Material::Lawn, Class::None);
pub const PARKLAND: Ink = ink([92, 112, 64], Material::Parkland, Class::Park);
pub const WOODS: Ink = ink([44, 56, 34], Material::Woods, Class::Forest);
pub const SCRUB: Ink = ink([84, 92, 58], Material::Scrub, Class::None);
pub const ASPHALT: Ink = ink([118, 117, 115], Material::Asphalt, Class::Road);
pub const STREET: Ink = ink([134, 132, 127], Material::Asphalt, Class::Road);
pub const MOTORWAY: Ink = ink([146, 143, 136], Material::Asphalt, Class::Motorway);
pub const CAR_PARK: Ink = ink([108, 108, 107], Material::Asphalt, Class::CarPark);
pub const CONCRETE: Ink = ink([176, 172, 163], Material::Concrete, Class::None);
pub const PATH: Ink = ink([182, 174, 156], Material::Concrete, Class::None);
pub const DIRT: Ink = ink([160, 136, 104], Material::Soil, Class::None);
pub const BARE: Ink = ink([170, 142, 108], Material::Soil, Class::BareLand);
pub const GRAVEL: Ink = ink([150, 142, 130], Material::Gravel, Class::None);
pub const BALLAST: Ink = ink([124, 116, 106], Material::Gravel, Class::Railway);
pub const RAIL: Ink = ink([92, 84, 78], Material::Plain, Class::Railway);
pub const RIVER: Ink = ink([74, 84, 70], Material::Water, Class::River);
pub const POND: Ink = ink([60, 76, 70], Material::Water, Class::Pond);
pub const POOL: Ink = ink([96, 182, 200], Material::Plain, Class::SwimmingPool);
pub const SAND: Ink = ink([216, 200, 164], Material::Sand, Class::Beach);
pub const CLAY: Ink = ink([184, 126, 86], Material::Soil, Class::BaseballField);
pub const WHITE: Ink = ink([226, 225, 220], Material::Plain, Class::None);

/// House roofs: shingles and tiles.
pub const HOUSE_ROOFS: &[[u8; 3]] = &[
    [122, 117, 112],
    [104, 100, 97],
    [134, 120, 106],
    [116, 98, 86],
    [92, 88, 86],
    [146, 138, 128],
    [142, 104, 86],
    [126, 112, 104],
];
/// Large flat roofs.
pub const HALL_ROOFS: &[[u8; 3]] = &[
    [208, 207, 202],
    [190, 190, 187],
    [222, 220, 214],
    [168, 167, 163],
    [180, 176, 166],
    [136, 158, 182],
    [198, 196, 190],
    [150, 148, 145],
];
/// Roofs of the town centre.
pub const TOWN_ROOFS: &[[u8; 3]] = &[
    [166, 162, 155],
    [140, 136, 131],
    [188, 184, 176],
    [120, 115, 111],
    [152, 130, 116],
    [202, 199, 192],
    [174, 160, 142],
    [110, 108, 108],
];
/// Paint of cars.
pub const CAR_PAINT: &[[u8; 3]] = &[
    [228, 228, 226],
    [222, 222, 220],
    [186, 188, 190],
    [150, 152, 156],
    [60, 62, 66],
    [44, 46, 50],
    [120, 40, 38],
    [48, 66, 104],
    [96, 98, 102],
    [205, 204, 198],
];
