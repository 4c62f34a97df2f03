//! Positions against PROJ and GEOTRANS, and the edges of zones, bands and minutes.

use super::*;

fn at(lng: f64, lat: f64) -> LngLat {
    LngLat::new(lng, lat).expect("in range")
}

/// MGRS by GEOTRANS (Python package mgrs 1.6), easting and northing by PROJ (pyproj 3.7.2, EPSG:326xx and 327xx).
const GOLDEN: [(f64, f64, &str, f64, f64); 18] = [
    (-77.4030278, 38.8014444, "18STH9132497486", 291_324.025_0, 4_297_486.040_7),
    (2.294481, 48.85837, "31UDQ4825011951", 448_250.576_8, 5_411_951.588_0),
    (151.215256, -33.856784, "56HLH3489652290", 334_896.468_0, 6_252_290.456_6),
    (-1e-06, 1e-06, "30NZF3397800000", 833_978.445_5, 0.110_7),
    (5.32415, 60.39299, "32VKN9747700830", 297_477.307_0, 6_700_830.063_2),
    (15.63333, 78.22334, "33XWG1442983372", 514_429.598_2, 8_683_372.719_0),
    (-177.5, -17.5, "1KDA4692065061", 446_920.967_7, 8_065_061.457_0),
    (180.0, 65.123456, "1WCN5922425558", 359_224.841_8, 7_225_558.189_9),
    (-180.0, -45.5, "1GBK6562157124", 265_621.338_5, 4_957_124.982_7),
    (-73.985278, 40.748333, "18TWL8566411315", 585_664.121_4, 4_511_315.421_8),
    (18.4241, -33.9249, "34HBH6188143182", 261_881.598_5, 6_243_182.354_5),
    (100.0, 83.999, "47XNP1167128083", 511_671.458_4, 9_328_083.490_8),
    (-67.2, -79.999, "19CEM3489217985", 534_892.369_8, 1_117_985.992_5),
    (3.1, 63.9, "32VKR1070199263", 210_701.419_6, 7_099_263.678_0),
    (36.817223, -1.286389, "37MBU5711357711", 257_113.279_4, 9_857_711.220_3),
    (8.99999, 72.0001, "31XGV0663599244", 706_635.042_5, 7_999_244.707_6),
    (20.9999, 80.0, "33XXJ1611287578", 616_112.722_7, 8_887_578.808_1),
    (33.01, 79.0, "37XCH7262276516", 372_622.004_3, 8_776_516.454_6),
];

#[test]
fn utm_and_mgrs_are_those_of_other_programs() {
    for (lng, lat, square, easting, northing) in GOLDEN {
        let utm = Utm::of(at(lng, lat)).expect("within UTM");
        assert!(
            (utm.easting - easting).abs() < 1e-3 && (utm.northing - northing).abs() < 1e-3,
            "{lng}, {lat}: {utm:?}, expected {easting} {northing}"
        );
        let written = mgrs(at(lng, lat)).expect("within UTM");
        assert_eq!(written.replace(' ', ""), square, "{lng}, {lat}");
        assert!(written.starts_with(&format!("{}{} ", utm.zone, utm.band)), "{written}: {utm:?}");
    }
}

#[test]
fn a_position_is_written_in_every_notation() {
    let written = Notation::ALL.map(|notation| notation.write(at(-77.4030278, 38.8014444)));
    let expected =
        ["-77.40303, 38.80144", "38°48'05.2\"N 77°24'10.9\"W", "18S 291324 4297486", "18S TH 91324 97486"];
    assert_eq!(written, expected.map(|text| Some(text.to_owned())));
    let names: std::collections::BTreeSet<_> = Notation::ALL.map(Notation::name).into();
    assert_eq!(names.len(), Notation::ALL.len());
}

#[test]
fn sixty_seconds_become_a_minute_and_sixty_minutes_a_degree() {
    for (lng, lat, expected) in [
        (10.0 - 1e-7, 50.0 - 1e-7, "50°00'00.0\"N 10°00'00.0\"E"),
        (-10.016_666, -0.999_999, "1°00'00.0\"S 10°01'00.0\"W"),
        (-1e-9, -1e-9, "0°00'00.0\"N 0°00'00.0\"E"),
        (180.0, -90.0, "90°00'00.0\"S 180°00'00.0\"E"),
        (0.25, 0.5 + 59.94 / 3600.0, "0°30'59.9\"N 0°15'00.0\"E"),
        (0.25, 0.5 + 59.96 / 3600.0, "0°31'00.0\"N 0°15'00.0\"E"),
    ] {
        assert_eq!(dms(at(lng, lat)), expected);
    }
}

#[test]
fn near_the_poles_there_is_no_utm() {
    for lat in [84.000_001, 90.0, -80.000_001, -90.0] {
        assert_eq!(Notation::Utm.write(at(10.0, lat)), None, "{lat}");
        assert_eq!(Notation::Mgrs.write(at(10.0, lat)), None, "{lat}");
        assert!(Notation::Dms.write(at(10.0, lat)).is_some());
    }
    assert_eq!(Utm::of(at(10.0, 84.0)).map(|utm| utm.band), Some('X'));
    assert_eq!(Utm::of(at(10.0, -80.0)).map(|utm| utm.band), Some('C'));
}

#[test]
fn every_position_within_utm_has_a_square() {
    for tenth in 0..=1640 {
        let lat = -80.0 + f64::from(tenth) / 10.0;
        for lng in -180..=180 {
            for lng in [f64::from(lng), (f64::from(lng) + 0.999_999).min(180.0)] {
                assert!(mgrs(at(lng, lat)).is_some(), "{lng}, {lat}");
            }
        }
    }
}
