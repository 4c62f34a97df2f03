//! The words of the ground truth: what a pixel or an object of the sample area is.

macro_rules! classes {
    ($($variant:ident $name:literal),+ $(,)?) => {
        /// A class of the ground truth.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(u8)]
        pub enum Class {
            /// Ground that no class describes.
            None = 0,
            $(
                #[doc = $name]
                $variant
            ),+
        }

        impl Class {
            /// Every class, in the order of their numbers (without `None`).
            pub const ALL: &'static [Class] = &[$(Class::$variant),+];

            /// The name in `labels.jsonl`.
            pub fn name(self) -> &'static str {
                match self { Class::None => "none", $(Class::$variant => $name),+ }
            }
        }
    };
}

classes! {
    River "river", Bridge "bridge", Forest "forest", Farmland "farmland", TownCentre "town_centre",
    DenseResidential "dense_residential", MediumResidential "medium_residential",
    SparseResidential "sparse_residential", Motorway "motorway", Interchange "interchange",
    Roundabout "roundabout", AirportRunway "airport_runway", Airplane "airplane", Railway "railway",
    RailwayStation "railway_station", Marina "marina", Boat "boat", Stadium "stadium", School "school",
    BaseballField "baseball_field", SoccerField "soccer_field", TennisCourt "tennis_court",
    RunningTrack "running_track", GolfCourse "golf_course", Industry "industry",
    StorageTank "storage_tank", SolarFarm "solar_farm", CarPark "car_park", Car "car", Pond "pond",
    SwimmingPool "swimming_pool", Beach "beach", Park "park", BareLand "bare_land", Road "road",
    Building "building",
}
