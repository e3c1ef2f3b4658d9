/** @jsxImportSource preact */
import { Component, type ComponentChildren } from "preact";

interface Props {
  fallback: (retry: () => void) => ComponentChildren;
  children: ComponentChildren;
}

/** A part that may break without taking the rest along. */
export class Guard extends Component<Props, { isBroken: boolean }> {
  static override getDerivedStateFromError() {
    return { isBroken: true };
  }

  override render() {
    return this.state.isBroken ? this.props.fallback(() => this.setState({ isBroken: false })) : this.props.children;
  }
}
