// The search in a site with a map by MapLibre GL JS, whose files lie in the folder maplibre-gl/.
import { LngLatBounds, Map, Marker } from "./maplibre-gl/maplibre-gl.mjs";
import { open, paintLayer } from "https://maps.example/library/clip-rs.js";
import { failed, loading, site } from "./shared.js";

const box = ([west, south, east, north]) => new LngLatBounds([west, south], [east < west ? east + 360 : east, north]);

async function start() {
  const area = await open("https://maps.example/catalog/", { onProgress: loading });
  const { bounds, attribution, tiles } = area.manifest;
  const imagery = {
    type: "raster",
    tiles: [tiles.template],
    tileSize: tiles.tileSize,
    minzoom: tiles.minzoom,
    maxzoom: tiles.maxzoom,
    bounds,
    attribution,
  };
  const map = new Map({
    container: "map",
    bounds: box(bounds),
    style: { version: 8, sources: { imagery }, layers: [{ id: "imagery", type: "raster", source: "imagery" }] },
  });
  await map.once("load");

  let markers = [];
  const functions = {
    show(hits) {
      markers.forEach((marker) => marker.remove());
      markers = hits.map(({ lngLat, element }) => new Marker({ element }).setLngLat(lngLat).addTo(map));
    },
    go: (bounds) => map.fitBounds(box(bounds), { maxZoom: tiles.maxzoom - 1, animate: false }),
    lay(canvas, [west, south, east, north]) {
      const coordinates = [[west, north], [east, north], [east, south], [west, south]];
      map.addSource("cells", { type: "canvas", canvas, coordinates, animate: false });
      const paint = { "raster-opacity": 0.7, "raster-resampling": "nearest", "raster-fade-duration": 0 };
      map.addLayer({ id: "cells", type: "raster", source: "cells", paint });
    },
    lift() {
      if (!map.getLayer("cells")) return;
      map.removeLayer("cells");
      map.removeSource("cells");
    },
  };
  site({ area, map: functions, paintLayer });
}

start().catch(failed);
