// Shots done over time, with uPlot. Without it the page's own curve and table stay.
"use strict";
(() => {
  let plot = null, box = null, seen = "";
  const color = (name) => {
    const probe = document.createElement("span");
    probe.className = name;
    box.append(probe);
    const found = getComputedStyle(probe).color;
    probe.remove();
    return found;
  };
  const draw = () => {
    const now = document.getElementById("burn");
    if (!now || !window.uPlot) return;
    if (plot) plot.destroy();
    box = now;
    seen = box.dataset.points;
    const points = JSON.parse(seen);
    if (points.length < 2) return;
    const data = [points.map((p) => Date.parse(p[0]) / 1000), points.map((p) => p[2]), points.map((p) => p[1])];
    const done = color("ink-done"), total = color("ink-total"), line = color("ink-line"), text = color("ink-text");
    box.querySelector("svg")?.remove();
    const told = box.querySelector("figcaption");
    const tell = (point) => { told.textContent = `${point[0]}: ${point[1]} of ${point[2]}`; };
    tell(points[points.length - 1]);
    const axis = { stroke: text, grid: { stroke: line, width: 1 }, ticks: { show: false }, font: "11px system-ui, sans-serif", gap: 4 };
    plot = new window.uPlot({
      width: box.clientWidth, height: 176, legend: { show: false }, cursor: { y: false },
      tzDate: (at) => window.uPlot.tzDate(new Date(at * 1000), "Etc/UTC"),
      scales: { y: { range: (_, low, high) => [0, Math.max(1, high)] } },
      axes: [{ ...axis, size: 36, space: 64 }, { ...axis, size: 36, space: 32 }],
      series: [
        {},
        { stroke: total, width: 1, dash: [4, 3], points: { show: false } },
        { stroke: done, width: 2, fill: done.replace("rgb(", "rgba(").replace(")", ", .12)"), points: { show: false } },
      ],
      hooks: { setCursor: [(now) => tell(points[now.cursor.idx ?? points.length - 1])] },
    }, data, (now, begin) => { box.prepend(now.root); begin(); });
  };
  const again = () => { const now = document.getElementById("burn"); if (now && (now !== box || now.dataset.points !== seen)) draw(); };
  document.addEventListener("page:changed", again);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  let timer = 0;
  addEventListener("resize", () => { clearTimeout(timer); timer = setTimeout(() => { if (plot && box) plot.setSize({ width: box.clientWidth, height: 176 }); }, 150); });
  draw();
})();
