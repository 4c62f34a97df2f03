// Makes the service worker of the built page in the folder that is named: `node xtask/service_worker.mjs dist`.
//
// Workbox keeps the files of one build and changes to those of the next at once; app/offline.js, which it imports, keeps
// the files of catalogs. Each kept file has its digest in sw.js, so that a host that holds files of two builds, or answers
// with its front page for what is missing, gives no service worker instead of a mixed one.
import { createHash } from "node:crypto";
import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { generateSW } from "workbox-build";

// What the page does without: the widget is for other sites, and these files are for servers, robots and people who debug. The list
// of catalogs is the operator's, and changes without the build.
// The general engine is kept where a catalog needed it, which app/offline.js does.
const NOT_KEPT = ["embed/**", "general-*/**", "screenshots/**", "_headers", "404.html", "robots.txt", "catalogs.json", "sw.js", "offline-*.js", "**/*.{map,br,gz}"];
// More than any file of a build has. Workbox leaves larger ones out, with no more than a warning.
const MOST_BYTES = 32 << 20;

const dist = process.argv[2];
if (!dist) throw new Error("name the folder of the built page");
const scripts = (await readdir(dist)).filter((name) => /^offline-[0-9a-f]{16}\.js$/.test(name));
if (scripts.length !== 1) throw new Error(`${dist} has ${scripts.length} scripts offline-<hash>.js, not one`);

const withDigest = async (entry) => {
  const digest = createHash("sha384").update(await readFile(join(dist, entry.url))).digest("base64");
  // A file whose name is no hash has its digest for its version, too: who changes the page for other catalogs has but one text to
  // replace here (crates/page/src/policy.rs).
  return { ...entry, revision: entry.revision && digest, integrity: `sha384-${digest}` };
};
const { count, size, warnings } = await generateSW({
  swDest: join(dist, "sw.js"),
  globDirectory: dist,
  globPatterns: ["**/*"],
  globIgnores: NOT_KEPT,
  maximumFileSizeToCacheInBytes: MOST_BYTES,
  manifestTransforms: [async (entries) => ({ manifest: await Promise.all(entries.map(withDigest)), warnings: [] })],
  // As xtask/src/policy.rs tells content hashes.
  dontCacheBustURLsMatching: /(^|[^0-9A-Za-z])[0-9a-f]{15,}([^0-9A-Za-z]|$)/,
  // The page is one file, whatever its address says after `?`; an address below it is nobody's.
  directoryIndex: "index.html",
  ignoreURLParametersMatching: [/./],
  importScripts: scripts,
  // What is not of this build; app/offline.js says how.
  runtimeCaching: [
    {
      urlPattern: ({ request, url }) => self.offline.isNamedByContent(request, url),
      handler: ({ event, request }) => self.offline.named(event, request),
    },
    {
      urlPattern: ({ url }) => self.offline.isCatalog(url),
      handler: ({ event, request }) => self.offline.catalog(event, request),
    },
  ],
  // A new one waits until the page asks it to take over.
  skipWaiting: false,
  clientsClaim: true,
  cleanupOutdatedCaches: true,
  inlineWorkboxRuntime: true,
  sourcemap: false,
  mode: "production",
  babelPresetEnvTargets: ["chrome >= 100", "firefox >= 100", "safari >= 16"],
});
if (warnings.length > 0) throw new Error(warnings.join("\n"));
console.log(`${count} files, ${size} bytes`);
