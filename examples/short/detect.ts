// What is in one picture:  node --conditions=@detrkit/source examples/short/detect.ts runs/demo photo.jpg
import { loadDetector } from "@detrkit/inference";

const [checkpoint = "runs/demo", picture = "photo.jpg"] = process.argv.slice(2);
await using detector = await loadDetector(checkpoint);
const { detections } = await detector.detect(picture, { threshold: 0.1 });
for (const { label, score, box } of detections) console.log(label, score.toFixed(2), box);
