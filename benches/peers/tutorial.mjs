// What the tutorial's script does before it calls an API: reads its two files, checks that the refresh
// token has not run out, and takes the access token from the file. That one may long be over: the
// tutorial does not look. It is read here for the cost of node and two files alone.
import { readFileSync } from "node:fs";

const credentials = JSON.parse(readFileSync("credentials.json", "utf8"));
if (!credentials.appID) throw new Error("credentials.json is not filled in");
const stored = JSON.parse(readFileSync("refreshTokenObjectFile.json", "utf8"));
if (new Date(stored.refresh_expires_in * 1000) <= new Date()) throw new Error("log in again");
console.log(stored.access_token);
