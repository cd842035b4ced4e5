// What pages get from libraries that they load as plain scripts: only what our own scripts use.

interface Window {
  htmx: {
    trigger(element: Element, event: string): void;
    process(element: Element): void;
    swap(target: string, html: string, how: { swapStyle: string; swapDelay: number; settleDelay: number }): void;
  };
}

/** wavesurfer.js 8, https://wavesurfer.xyz/docs/ */
declare namespace WaveSurfer {
  interface Channel { progressColor: string; waveColor: string }
  interface Options {
    container: Element;
    media: HTMLMediaElement;
    peaks: number[][];
    duration: number;
    height: number;
    barWidth: number;
    barGap: number;
    barRadius: number;
    normalize: boolean;
    maxPeak: number;
    cursorColor: string;
    cursorWidth: number;
    dragToSeek: boolean;
    cspNonce: string | undefined;
    splitChannels: Channel[];
  }
  interface Wave {
    on(event: "interaction", hear: (seconds: number) => void): void;
    setTime(seconds: number): void;
    setOptions(options: Partial<Options>): void;
  }
  function create(options: Options): Wave;
}
