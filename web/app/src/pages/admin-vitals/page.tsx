import { useEffect, useState } from "react";
import { formatAgo } from "../../charts/series";
import { Button } from "../../ui/button";
import { Card } from "../../ui/card";
import { formatNumber } from "../../ui/format";
import { SkeletonLines } from "../../ui/skeleton";
import { AdminFrame } from "../admin/admin-frame";
import { formatVital, gradeOf, loadVitals, type Vitals } from "./vitals";
import "./vitals.css";

const names = ["LCP", "INP", "CLS", "FCP", "TTFB"];
const meanings: Record<string, string> = {
  LCP: "Largest picture or text is there", INP: "Slowest response to an input", CLS: "Shifts of the layout",
  FCP: "First text or picture is there", TTFB: "First byte of the page is there",
};

// What visitors' browsers measured, since the server started.
export default function AdminVitalsPage() {
  const [vitals, setVitals] = useState<Vitals>();
  const [error, setError] = useState<string>();
  const [loading, setLoading] = useState(true);

  async function load() {
    setLoading(true);
    await loadVitals().then((loaded) => { setVitals(loaded); setError(undefined); }, (reason: Error) => setError(reason.message));
    setLoading(false);
  }
  useEffect(() => void load(), []);

  return (
    <AdminFrame current="/admin/vitals" title="Vitals"
      intro={vitals ? `Measured by visitors' browsers since the server started, ${formatAgo(vitals.since)}. Release ${vitals.release}.` : "Measured by visitors' browsers."}>
      <p className="page-actions vitals-actions"><Button busy={loading} onClick={() => void load()}>Refresh</Button></p>
      {error && <div className="notice notice-error" role="alert"><p>{error}</p></div>}
      {!vitals && loading && <SkeletonLines count={8} />}
      {vitals && (
        <>
          <Routes routes={vitals.routes} />
          <Documents documents={vitals.documents} />
          <div className="columns vitals-columns">
            <Slowest requests={vitals.slowest} />
            <Errors errors={vitals.errors} />
          </div>
        </>
      )}
    </AdminFrame>
  );
}

const Routes = ({ routes }: { readonly routes: Vitals["routes"] }) => (
  <Card title="Pages, 75th percentile">
    {routes.length === 0 ? <p className="muted">No visits yet. A page reports when it is left.</p> : (
      <div className="table-scroll" role="group" aria-label="Pages" tabIndex={0}>
        <table className="table">
          <thead>
            <tr><th scope="col">Page</th>{names.map((name) => <th key={name} scope="col" className="table-number"><abbr title={meanings[name]}>{name}</abbr></th>)}<th scope="col" className="table-number">Visits</th></tr>
          </thead>
          <tbody>
            {routes.map(({ route, metrics }) => (
              <tr key={route}>
                <th scope="row">{route}</th>
                {names.map((name) => {
                  const metric = metrics.find((candidate) => candidate.name === name);
                  return (
                    <td key={name} className="table-number">
                      {metric
                        ? <span className={`grade grade-${gradeOf(name, metric.p75)}`} title={`median ${formatVital(name, metric.p50)}, 95th percentile ${formatVital(name, metric.p95)}`}>{formatVital(name, metric.p75)} <span className="visually-hidden">({gradeOf(name, metric.p75)})</span></span>
                        : "–"}
                    </td>
                  );
                })}
                <td className="table-number">{formatNumber(Math.max(...metrics.map(({ count }) => count), 0))}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    )}
  </Card>
);

const Documents = ({ documents }: { readonly documents: Vitals["documents"] }) => (
  <Card title="Requests by document">
    {documents.length === 0 ? <p className="muted">No requests yet.</p> : (
      <div className="table-scroll" role="group" aria-label="Requests" tabIndex={0}>
        <table className="table">
          <thead><tr><th scope="col">Document</th><th scope="col">Cache</th><th scope="col" className="table-number">Requests</th><th scope="col" className="table-number">Median</th><th scope="col" className="table-number">75 %</th><th scope="col" className="table-number">95 %</th></tr></thead>
          <tbody>
            {documents.map(({ document, cache, count, p50, p75, p95 }) => (
              <tr key={`${document} ${cache}`}>
                <th scope="row">{document}</th>
                <td>{cache}</td>
                <td className="table-number">{formatNumber(count)}</td>
                {[p50, p75, p95].map((value, index) => <td key={index} className="table-number">{formatVital("ms", value)}</td>)}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    )}
  </Card>
);

const Slowest = ({ requests }: { readonly requests: Vitals["slowest"] }) => (
  <Card title="Slowest traced requests">
    {requests.length === 0 ? <p className="muted">None yet. Requests have a trace if tracing is on.</p> : (
      <ol className="vitals-list">
        {requests.map(({ document, ms, cache, traceId }, index) => (
          <li key={index}><b>{formatVital("ms", ms)}</b> {document} <span className="muted">{cache}</span>{traceId && <code>{traceId}</code>}</li>
        ))}
      </ol>
    )}
  </Card>
);

const Errors = ({ errors }: { readonly errors: Vitals["errors"] }) => (
  <Card title="Errors of scripts">
    {errors.length === 0 ? <p className="muted">None.</p> : (
      <ul className="vitals-list">{errors.map(({ kind, count }) => <li key={kind}><b>{formatNumber(count)}</b> {kind}</li>)}</ul>
    )}
  </Card>
);
