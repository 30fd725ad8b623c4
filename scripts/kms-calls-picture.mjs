// KMS calls a month against the reuse period, as an SVG. Both axes are logarithmic, and every point is an estimate.

const MONTH = 31 * 86_400;
const DEFAULT_PERIOD = 300;
const PERIODS = { "1 min": 60, "5 min": 300, "15 min": 900, "1 h": 3600, "4 h": 14_400, "24 h": 86_400 };
const CALLS = [10, 100, 1000, 10_000, 100_000, 1_000_000, 10_000_000];
/** As many producers as consumers. */
const SIZES = [1, 3, 10];

const PLOT = { left: 100, right: 620, top: 76, bottom: 460 };
const SIZE = { width: 800, height: 530 };

const scale = (from, to, start, end) => (value) =>
  (start + (Math.log(value / from) / Math.log(to / from)) * (end - start)).toFixed(1);
const x = scale(60, 86_400, PLOT.left, PLOT.right);
const y = scale(CALLS.at(0), CALLS.at(-1), PLOT.bottom, PLOT.top);

const STYLE = `
    text { font: 13px system-ui, sans-serif; fill: #1f2328 }
    .title { font-size: 16px; font-weight: 600 }
    .end { text-anchor: end }
    .middle { text-anchor: middle }
    .value { paint-order: stroke; stroke: #ffffff; stroke-width: 5 }
    .back { fill: #ffffff }
    .grid { stroke: #d1d9e0 }
    .default { stroke: #59636e; stroke-dasharray: 2 4 }
    .line { fill: none; stroke-width: 2.5 }
    .sqs { stroke-dasharray: 7 5; stroke-width: 1.75 }
    .of-1 { stroke: #1a7f37 } .of-3 { stroke: #0969da } .of-10 { stroke: #bc4c00 }
    .dot { stroke: none } .dot.of-1 { fill: #1a7f37 } .dot.of-3 { fill: #0969da } .dot.of-10 { fill: #bc4c00 }
    @media (prefers-color-scheme: dark) {
      text { fill: #f0f6fc }
      .value { stroke: #0d1117 }
      .back { fill: #0d1117 }
      .grid { stroke: #30363d }
      .default { stroke: #9198a1 }
      .of-1 { stroke: #3fb950 } .of-3 { stroke: #58a6ff } .of-10 { stroke: #f0883e }
      .dot.of-1 { fill: #3fb950 } .dot.of-3 { fill: #58a6ff } .dot.of-10 { fill: #f0883e }
    }`;

const path = (classes, d) => `<path class="${classes}" d="${d}"/>`;
const text = (words, x, y, more = "") => `<text x="${x}" y="${y}"${more}>${words}</text>`;
const written = (number) => number.toLocaleString("en-US");

/** Draws with the library's own `estimateKmsRequests`. */
export function kmsCallsPicture(estimateKmsRequests) {
  const callsOf = (size, reusePeriodSeconds) =>
    estimateKmsRequests({
      billingPeriodSeconds: MONTH,
      reusePeriodSeconds,
      producers: size,
      consumers: size,
    });

  const grid = [
    ...Object.entries(PERIODS).flatMap(([name, period]) => [
      path("grid", `M${x(period)},${PLOT.top} V${PLOT.bottom}`),
      text(name, x(period), PLOT.bottom + 20, ' class="middle"'),
    ]),
    ...CALLS.flatMap((calls) => [
      path("grid", `M${PLOT.left},${y(calls)} H${PLOT.right}`),
      text(written(calls), PLOT.left - 8, y(calls), ' dy="4" class="end"'),
    ]),
    path("default", `M${x(DEFAULT_PERIOD)},${PLOT.top} V${PLOT.bottom}`),
    text("default", x(DEFAULT_PERIOD), PLOT.bottom - 10, ' dx="8"'),
  ];

  const line = (size, who, classes, label) => {
    const points = Object.values(PERIODS).map((period) => `${x(period)},${y(callsOf(size, period)[who])}`);
    const end = y(callsOf(size, PERIODS["24 h"])[who]);
    return [
      path(`line of-${size}${classes}`, `M${points.join(" L")}`),
      text(`${size} x ${size}, ${label}`, PLOT.right + 8, end, ' dy="4"'),
    ];
  };
  const lines = SIZES.flatMap((size) => {
    const { sqs, keyfold } = callsOf(size, DEFAULT_PERIOD);
    if (sqs === keyfold) return line(size, "keyfold", "", "keyfold and SQS");
    return [...line(size, "keyfold", "", "keyfold"), ...line(size, "sqs", " sqs", "SQS")];
  });

  const values = SIZES.flatMap((size) => {
    const { keyfold } = callsOf(size, DEFAULT_PERIOD);
    const [at, above] = [x(DEFAULT_PERIOD), y(keyfold)];
    return [
      `<circle class="dot of-${size}" cx="${at}" cy="${above}" r="4"/>`,
      text(written(keyfold), at, above, ' dx="9" dy="-5" class="value"'),
    ];
  });

  const middle = { x: (PLOT.left + PLOT.right) / 2, y: (PLOT.top + PLOT.bottom) / 2 };
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${SIZE.width} ${SIZE.height}" role="img" aria-labelledby="title desc">
  <title id="title">KMS calls a month against the reuse period of data keys</title>
  <desc id="desc">On logarithmic axes all lines fall evenly: ten times the reuse period means a tenth of the calls.</desc>
  <style>${STYLE}
  </style>
  <rect class="back" width="${SIZE.width}" height="${SIZE.height}" rx="8"/>
  ${text("KMS calls a month, by reuse period: producers x consumers", PLOT.left, 30, ' class="title"')}
  ${text("31 days, all busy, one context, new keys verified. Solid: keyfold (R'); dashed: SQS (R)", PLOT.left, 52)}
  ${text("reuse period of a data key (logarithmic)", middle.x, PLOT.bottom + 50, ' class="middle"')}
  ${text("KMS calls a month (logarithmic)", 0, 0, ` class="middle" transform="translate(22 ${middle.y}) rotate(-90)"`)}
  ${[...grid, ...lines, ...values].join("\n  ")}
</svg>
`;
}
