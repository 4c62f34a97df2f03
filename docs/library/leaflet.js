// The search in a site with a map by Leaflet, which leaflet.html has loaded as `L`.
import { open, paintLayer } from "https://maps.example/library/clip-rs.js";
import { failed, loading, site } from "./shared.js";

const box = ([west, south, east, north]) => L.latLngBounds([south, west], [north, east < west ? east + 360 : east]);

async function start() {
  const area = await open("https://maps.example/catalog/", { onProgress: loading });
  const { bounds, attribution, tiles } = area.manifest;
  const map = L.map("map").fitBounds(box(bounds));
  L.tileLayer(tiles.template, {
    attribution,
    // A little less, or tiles are asked for that only touch it.
    bounds: box(bounds).pad(-0.001),
    minNativeZoom: tiles.minzoom,
    maxNativeZoom: tiles.maxzoom,
    maxZoom: tiles.maxzoom + 2,
    tileSize: tiles.tileSize,
  }).addTo(map);

  const markers = L.layerGroup().addTo(map);
  let laid = null;
  const functions = {
    show(hits) {
      markers.clearLayers();
      for (const { lngLat: [lng, lat], element } of hits) {
        const icon = L.divIcon({ className: "", html: element, iconSize: [26, 26] });
        L.marker([lat, lng], { icon, keyboard: false }).addTo(markers);
      }
    },
    go: (bounds) => map.fitBounds(box(bounds), { maxZoom: tiles.maxzoom - 1 }),
    lay: (canvas, bounds) => (laid = L.imageOverlay(canvas.toDataURL(), box(bounds), { opacity: 0.7, className: "cells" }).addTo(map)),
    lift: () => laid?.remove(),
  };
  site({ area, map: functions, paintLayer });
}

start().catch(failed);
