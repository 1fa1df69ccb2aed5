import { Component, type ReactNode } from "react";
import { Button } from "./button";

interface ErrorBoundaryProps {
  readonly children: ReactNode;
}

// ErrorBoundary replaces a page that failed. A chunk that a new release has replaced is the usual reason, which
// loading the page again corrects.
export class ErrorBoundary extends Component<ErrorBoundaryProps, { readonly failed: boolean }> {
  override state = { failed: false };

  static getDerivedStateFromError() {
    return { failed: true };
  }

  override componentDidCatch(error: unknown) {
    reportError(error);
  }

  override render() {
    if (!this.state.failed) return this.props.children;
    return (
      <main id="main" className="page page-narrow" tabIndex={-1}>
        <div className="empty" role="alert">
          <h1>This page could not be shown</h1>
          <p>Load it again to continue. Nothing that you saved is lost.</p>
          <Button kind="primary" onClick={() => location.reload()}>Load again</Button>
        </div>
      </main>
    );
  }
}
