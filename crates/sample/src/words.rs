//! How people name what a tile shows: everyday words and synonyms for each class.

use crate::class::Class;

/// Words for one of a class and for several; `least` is the smallest share of a tile worth a word, and
/// `weight` tells how much the class catches the eye (0 for the background of other things).
pub struct Words {
    pub class: Class,
    pub one: &'static [&'static str],
    pub many: &'static [&'static str],
    pub least: f64,
    pub weight: f64,
}

const fn words(
    class: Class,
    least: f64,
    weight: f64,
    one: &'static [&'static str],
    many: &'static [&'static str],
) -> Words {
    Words { class, one, many, least, weight }
}

/// Every class that captions speak of.
#[rustfmt::skip]
pub const WORDS: &[Words] = &[
    words(Class::Stadium, 0.10, 9.0,
        &[
            "a stadium", "a big stadium", "a sports stadium with stands", "a football stadium",
            "a sports arena with seats around a field",
        ],
        &["stadiums"]),
    words(Class::Airplane, 0.006, 9.0,
        &["an airplane", "a plane", "a parked plane", "an aircraft"],
        &["airplanes", "parked airplanes", "planes", "aircraft", "parked planes", "parked airliners"]),
    words(Class::AirportRunway, 0.06, 7.0,
        &[
            "a runway", "an airport runway", "a long runway with white markings",
            "a runway of an airport", "an airstrip",
        ],
        &["runways and taxiways", "airport runways"]),
    words(Class::StorageTank, 0.012, 9.0,
        &["a storage tank", "a white storage tank", "an oil tank", "a round white tank"],
        &[
            "storage tanks", "white storage tanks", "oil tanks", "round white tanks", "fuel tanks",
            "cylindrical tanks",
        ]),
    words(Class::Bridge, 0.012, 8.5,
        &["a bridge", "a road bridge", "a bridge over the water", "a long bridge", "a river crossing"],
        &["bridges", "two bridges"]),
    words(Class::BaseballField, 0.06, 8.0,
        &[
            "a baseball field", "a baseball diamond", "a ball field",
            "a baseball pitch with a brown infield",
        ],
        &["baseball fields", "baseball diamonds", "ball fields", "softball fields"]),
    words(Class::RunningTrack, 0.05, 7.0,
        &[
            "a running track", "an athletics track", "a red running track",
            "an oval running track around a field", "a track and field ground", "a ground track field",
        ],
        &["running tracks"]),
    words(Class::TennisCourt, 0.012, 7.5,
        &["a tennis court"],
        &["tennis courts", "hard tennis courts", "courts for tennis"]),
    words(Class::SoccerField, 0.06, 6.5,
        &[
            "a soccer field", "a football field", "a soccer pitch", "a green football pitch",
            "a playing field with white lines",
        ],
        &["soccer fields", "football fields", "soccer pitches", "football pitches", "playing fields"]),
    words(Class::SolarFarm, 0.10, 9.0,
        &[
            "a solar farm", "solar panels", "rows of solar panels", "a photovoltaic power plant",
            "a field of solar panels", "long rows of dark solar panels", "a solar park",
        ],
        &["solar farms"]),
    words(Class::Marina, 0.10, 8.0,
        &[
            "a marina", "a harbour", "a small port with boats", "a boat harbor", "a yacht harbour",
            "a marina with piers", "a port",
        ],
        &["marinas"]),
    words(Class::Boat, 0.006, 7.0,
        &["a boat", "a boat on the water"],
        &["boats", "white boats", "yachts", "moored boats", "small ships", "boats at the docks"]),
    words(Class::Roundabout, 0.025, 8.0,
        &[
            "a roundabout", "a traffic circle", "a round intersection with a green island",
            "a circular junction", "a rotary",
        ],
        &["roundabouts"]),
    words(Class::Interchange, 0.05, 8.0,
        &[
            "a motorway interchange", "a highway interchange", "a cloverleaf interchange",
            "a viaduct with loops", "highway ramps", "a freeway junction", "an overpass with ramps",
        ],
        &["interchanges"]),
    words(Class::Motorway, 0.05, 5.5,
        &[
            "a motorway", "a highway", "a freeway", "a wide highway with cars", "a multi lane highway",
            "a highway with several lanes",
        ],
        &["motorways"]),
    words(Class::RailwayStation, 0.06, 8.0,
        &[
            "a railway station", "a train station", "a station with platforms",
            "a train station with tracks and platforms",
        ],
        &["railway stations"]),
    words(Class::Railway, 0.03, 5.5,
        &["a railway", "railway tracks", "a railroad", "train tracks", "rail tracks", "a railway line"],
        &["railways"]),
    words(Class::GolfCourse, 0.30, 8.0,
        &[
            "a golf course", "a golf course with bunkers", "golf fairways and greens",
            "a golf course with sand traps", "fairways and sand bunkers",
        ],
        &["golf courses"]),
    words(Class::SwimmingPool, 0.0012, 5.5,
        &["a swimming pool", "a blue swimming pool", "a blue pool", "an outdoor pool"],
        &["swimming pools", "blue swimming pools", "pools", "outdoor pools"]),
    words(Class::Beach, 0.02, 8.0,
        &[
            "a beach", "a sandy beach", "a strip of sand by the water", "a bathing beach",
            "a yellow beach", "a sandy shore",
        ],
        &["beaches"]),
    words(Class::School, 0.30, 6.0,
        &[
            "a school", "a school with sports fields", "a school campus", "school buildings",
            "a high school", "school grounds",
        ],
        &["schools"]),
    words(Class::CarPark, 0.06, 5.5,
        &[
            "a parking lot", "a car park", "a parking lot full of cars", "a large car park",
            "parked cars in a parking lot", "a parking area",
        ],
        &["parking lots", "car parks"]),
    words(Class::Pond, 0.025, 6.0,
        &[
            "a pond", "a small lake", "a lake", "a dark pond", "a body of still water",
            "a pool of still water",
        ],
        &["ponds", "small lakes"]),
    words(Class::River, 0.05, 6.5,
        &[
            "a river", "a wide river", "a winding river", "a brown river", "a curved river",
            "a stream of dark water",
        ],
        &["rivers"]),
    words(Class::BareLand, 0.15, 6.0,
        &[
            "bare land", "a piece of bare land", "a piece of bareland", "bare soil", "cleared ground",
            "a construction site with bare earth", "an empty brown lot", "waste land",
        ],
        &["pieces of bareland"]),
    words(Class::Park, 0.30, 4.0,
        &[
            "a park", "a city park", "a park with lawns and trees", "a public park",
            "a green park with paths",
        ],
        &["parks"]),
    words(Class::Industry, 0.25, 5.0,
        &[
            "an industrial area", "a factory area", "factories", "warehouses",
            "an industrial estate with large flat roofs", "industrial buildings",
            "a factory with large buildings",
        ],
        &["industrial areas"]),
    words(Class::TownCentre, 0.25, 6.0,
        &[
            "a town centre", "a city center", "downtown", "a downtown area with tall buildings",
            "a dense commercial district", "city blocks with large buildings", "a commercial area",
        ],
        &["town centres"]),
    words(Class::DenseResidential, 0.25, 4.5,
        &[
            "a dense residential area", "rows of closely packed houses", "a crowded neighbourhood",
            "dense housing", "many houses close together", "terraced houses in rows",
            "dense residential houses",
        ],
        &["dense residential areas"]),
    words(Class::MediumResidential, 0.25, 4.5,
        &[
            "a medium residential area", "a residential area", "a suburb", "houses with gardens",
            "a suburban neighborhood", "family houses with yards", "a housing estate with lawns",
        ],
        &["residential areas"]),
    words(Class::SparseResidential, 0.25, 4.5,
        &[
            "a sparse residential area", "scattered houses among trees",
            "a few houses surrounded by trees", "lone houses with large gardens",
            "a leafy neighbourhood with few houses", "large detached houses in the woods",
        ],
        &["sparse residential areas"]),
    words(Class::Farmland, 0.20, 4.5,
        &[
            "farmland", "farm fields", "a piece of farmland", "crop fields", "cultivated fields",
            "agricultural land", "ploughed fields and crops", "fields with crop rows",
        ],
        &["pieces of farmland", "many pieces of farmlands"]),
    words(Class::Forest, 0.20, 4.3,
        &[
            "a forest", "dense forest", "woods", "many green trees", "woodland", "a dense green forest",
            "trees",
        ],
        &["forests"]),
];

/// The words of a class, if captions speak of it.
pub fn of(class: Class) -> Option<&'static Words> {
    WORDS.iter().find(|w| w.class == class)
}
