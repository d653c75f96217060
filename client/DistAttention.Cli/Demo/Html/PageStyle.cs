namespace DistAttention.Cli.Demo.Html;

/// <summary>How the page looks: light and dark as the reader's system has it, one column from a phone to a desk.</summary>
internal static class PageStyle
{
    public const string Css =
        """

        :root {
          --back: #fbfaf8; --card: #ffffff; --ink: #1d2026; --quiet: #666c78; --line: #e2e0da; --accent: #b4410e; --mark: #ffe2b8;
          --heat0: #f1efe9; --heat1: #f6c98f; --heat2: #e2711d; --heat3: #7a1f05;
        }
        @media (prefers-color-scheme: dark) {
          :root {
            --back: #101318; --card: #171b22; --ink: #e6e4df; --quiet: #98a0ae; --line: #2a303a; --accent: #ff9a4d; --mark: #6b3b09;
            --heat0: #222936; --heat1: #6d2f12; --heat2: #e2711d; --heat3: #ffe9b0;
          }
        }
        * { box-sizing: border-box; }
        body { margin: 0; background: var(--back); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
        main { max-width: 62rem; margin: 0 auto; padding: 1.5rem 1rem 4rem; }
        h1 { font-size: 1.6rem; line-height: 1.2; margin: 0 0 .5rem; overflow-wrap: anywhere; }
        h2 { font-size: 1.2rem; line-height: 1.3; margin: 0 0 .25rem; overflow-wrap: anywhere; }
        h3 { font-size: 1rem; margin: 1.5rem 0 .25rem; }
        .lead { margin: 0 0 1.25rem; max-width: 44rem; }
        .notes { color: var(--quiet); margin: .25rem 0 .75rem; font-size: .9rem; max-width: 52rem; }
        .notes b { color: var(--ink); font-weight: 500; }
        section { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 1rem; margin: 1rem 0; }
        .cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(9.5rem, 1fr)); gap: .75rem; margin: 0; }
        .cards div { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: .6rem .8rem; }
        .cards dt { color: var(--quiet); font-size: .8rem; }
        .cards dd { margin: 0; }
        .cards b { display: block; font-size: 1.25rem; font-weight: 600; }
        .cards small { color: var(--quiet); }
        figure { margin: 0; }
        canvas { display: block; width: 100%; border-radius: 6px; outline-offset: 2px; }
        .map canvas { touch-action: pan-y; cursor: crosshair; }
        .tools { display: flex; align-items: center; gap: .35rem; margin: .4rem 0 .25rem; }
        .tools output { flex: 1; }
        output { color: var(--quiet); font-size: .85rem; min-height: 2.6em; line-height: 1.3; display: block; overflow: hidden; overflow-wrap: anywhere; }
        .tools output { display: -webkit-box; -webkit-line-clamp: 2; -webkit-box-orient: vertical; max-height: 2.6em; }
        button { font: inherit; font-size: .85rem; color: var(--ink); background: var(--back); border: 1px solid var(--line); border-radius: 6px; padding: .2rem .6rem; min-height: 2rem; cursor: pointer; }
        button[aria-pressed=true] { border-color: var(--accent); color: var(--accent); }
        .heads { display: flex; flex-wrap: wrap; gap: .35rem; margin: 0 0 .6rem; }
        .matrix { display: flex; flex-wrap: wrap; gap: .5rem 1.25rem; }
        .matrix canvas { flex: 1 1 22rem; min-width: 0; max-width: 40rem; aspect-ratio: 1; image-rendering: pixelated; cursor: crosshair; touch-action: pan-y; }
        .matrix output { flex: 1 1 12rem; min-height: 4em; }
        .passages { list-style: none; counter-reset: passage; margin: .5rem 0 0; padding: 0; }
        .passages li { counter-increment: passage; margin: 0 0 1rem; }
        .head { display: flex; flex-wrap: wrap; align-items: center; gap: .2rem .6rem; margin-bottom: .3rem; }
        .head::before { content: counter(passage); color: var(--quiet); }
        .head small { color: var(--quiet); }
        .bar { width: 6rem; height: .5rem; border-radius: 4px; background: var(--heat0); overflow: hidden; }
        .bar i { display: block; height: 100%; background: var(--accent); }
        .text { font: .85rem/1.45 ui-monospace, "DejaVu Sans Mono", monospace; border-left: 3px solid var(--line); padding-left: .5rem; }
        .text div { display: flex; gap: .75rem; min-height: 1.45em; }
        .text span:last-child { white-space: pre-wrap; overflow-wrap: anywhere; min-width: 0; }
        .number { flex: none; width: 3.2rem; text-align: right; color: var(--quiet); user-select: none; }
        .context { opacity: .65; }
        mark { background: var(--mark); color: inherit; border-radius: 3px; padding: 0 .1em; }
        table { border-collapse: collapse; font-size: .9rem; width: 100%; }
        th { text-align: left; font-weight: 400; color: var(--quiet); padding: .2rem 1rem .2rem 0; vertical-align: top; white-space: nowrap; width: 8.5rem; }
        td { padding: .2rem 0; overflow-wrap: anywhere; }
        .digest { font: .8rem/1.5 ui-monospace, "DejaVu Sans Mono", monospace; }
        @media (max-width: 30rem) {
          main { padding: 1rem .6rem 3rem; }
          section { padding: .75rem .6rem; }
          .text { font-size: .78rem; }
          .number { width: 2.4rem; }
          .cards { grid-template-columns: 1fr 1fr; }
          th { white-space: normal; width: 6rem; }
        }

        """;
}
