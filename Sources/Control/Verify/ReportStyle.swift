/// The looks of the page, by light and by night.
enum ReportStyle {
    static let sheet = """
        :root{--bg:#fbfbfa;--card:#fff;--ink:#1d2024;--quiet:#6b7280;--line:#e4e5e7;--kept:#9fd3ae;--good:#177245;\
        --explained:#f0b440;--violated:#d92d20;--shade:#475467;--a0:#3b7dd8;--a1:#8a63d2;--a2:#0f9b9b;--a3:#c2578f;--a4:#6f8f1f;\
        --a5:#b5712c;--a6:#5b6abf;--a7:#58808f;--open:#e5484d;--tint:#f3f4f6}
        @media(prefers-color-scheme:dark){:root{--bg:#101214;--card:#181b1f;--ink:#e7e9ec;--quiet:#98a1ad;--line:#2a2f36;\
        --kept:#2f6b46;--good:#5bc98a;--explained:#c98a1c;--violated:#ff5c4d;--shade:#aab4c3;--a0:#6aa5f0;--a1:#b095ee;--a2:#42c5c5;\
        --a3:#e284b6;--a4:#a3c44f;--a5:#dd9c58;--a6:#8f9ce8;--a7:#86b3c4;--open:#ff8a80;--tint:#20252b}}
        *{box-sizing:border-box}
        body{margin:0;background:var(--bg);color:var(--ink);font:14px/1.45 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",\
        sans-serif}
        main{max-width:1680px;margin:0 auto;padding:28px 32px 40px}
        header{display:flex;align-items:flex-start;justify-content:space-between;gap:24px;flex-wrap:wrap}
        h1{font-size:24px;line-height:1.2;margin:0 0 4px;letter-spacing:-.01em}
        h2{font-size:15px;margin:30px 0 10px}
        p{margin:0}
        .quiet{color:var(--quiet)}
        .verdict{font-weight:600;padding:8px 16px;border-radius:999px;color:#fff;background:var(--good)}
        .verdict.violated{background:var(--violated)}
        @media(prefers-color-scheme:dark){.verdict{color:#0c0e10}}
        .tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(190px,1fr));gap:12px;margin:22px 0 0}
        .tiles>div{background:var(--card);border:1px solid var(--line);border-radius:12px;padding:12px 16px}
        .tiles dt{color:var(--quiet);font-size:12px}
        .tiles dd{margin:0;font-size:24px;font-weight:600;font-variant-numeric:tabular-nums;letter-spacing:-.01em}
        .tiles dd.quiet{font-size:12px;font-weight:400;letter-spacing:0}
        .tiles .bad dd:not(.quiet){color:var(--violated)}
        .findings{list-style:none;margin:0;padding:0;background:var(--card);border:1px solid var(--line);border-radius:12px;\
        overflow:hidden}
        .findings li{padding:6px 14px;display:flex;gap:12px;align-items:baseline}
        .findings li+li{border-top:1px solid var(--line)}
        .findings time{font-variant-numeric:tabular-nums;color:var(--quiet)}
        .tag{flex:none;min-width:132px;text-align:center;font-size:12px;padding:1px 8px;border-radius:6px;background:var(--tint)}
        .tag.violated{background:var(--violated);color:#fff}
        .tag.explained{background:var(--explained);color:#201500}
        @media(prefers-color-scheme:dark){.tag.violated{color:#160504}}
        details{margin-top:10px}
        summary{cursor:pointer;color:var(--quiet);margin-bottom:8px}
        summary.bad{color:var(--violated)}
        .legend{display:flex;flex-wrap:wrap;gap:4px 18px;margin-bottom:10px;font-size:13px}
        .swatch{display:inline-block;width:18px;height:8px;border-radius:2px;margin-right:6px}
        .plot{background:var(--card);border:1px solid var(--line);border-radius:12px;padding:0 0 8px}
        .row{display:grid;grid-template-columns:180px minmax(0,1fr) 108px;align-items:center;min-height:26px}
        .name{padding:0 12px 0 16px;white-space:nowrap;overflow:hidden;text-overflow:ellipsis;font-size:13px}
        .side{padding:0 16px 0 10px;text-align:right;white-space:nowrap;font-size:12px;font-variant-numeric:tabular-nums}
        .lane{position:relative;height:24px}
        .lane svg{display:block;width:100%;height:24px;overflow:visible;position:relative}
        .rows{position:relative;border-top:1px solid var(--line);padding-top:4px;margin-top:4px}
        .rows .row:not(.shades):hover{background:color-mix(in srgb,var(--a0) 8%,transparent)}
        .row.bad .name,.row.bad .side b{color:var(--violated);font-weight:600}
        .shades{position:absolute;inset:0;pointer-events:none;align-items:stretch}
        .shades .lane{height:auto}
        .shades span{position:absolute;top:0;bottom:0;background:var(--shade);opacity:.1;min-width:1px}
        .shades i{position:absolute;top:0;bottom:0;width:1px;background:var(--line)}
        .axis{position:sticky;top:0;z-index:2;background:var(--card);border-radius:12px 12px 0 0;border-bottom:1px solid var(--line);\
        margin-bottom:4px}
        .axis span{position:absolute;top:4px;transform:translateX(-50%);font-size:11px;color:var(--quiet);\
        font-variant-numeric:tabular-nums;white-space:nowrap}
        .faults{min-height:20px}
        .faults .name,.faults .side{color:var(--quiet);font-size:12px}
        .faults .lane{height:18px}
        .fault{position:absolute;top:2px;height:14px;min-width:3px;border-radius:3px;overflow:hidden;font-size:10px;line-height:14px;\
        text-indent:4px;color:#fff;background:#7b8794;white-space:nowrap}
        .killed,.zookeeper-killed{background:#b42318}.stopped{background:#8c6d46}.paused,.zookeeper-paused{background:#6941c6}
        .cut-off{background:#c4510b}.session-lost{background:#a1286a}.quorum-lost{background:#7a271a}
        .clock-stepped,.clock-drift{background:#17658c}.disk-full,.disk-slow{background:#3f621a}
        .kept{fill:var(--kept);background:var(--kept)}
        .explained{fill:var(--explained)}.violated{fill:var(--violated)}
        i.explained{background:var(--explained)}i.violated{background:var(--violated)}
        i.shade{background:var(--shade);opacity:.25}
        .a0{fill:var(--a0);background:var(--a0)}.a1{fill:var(--a1);background:var(--a1)}.a2{fill:var(--a2);background:var(--a2)}
        .a3{fill:var(--a3);background:var(--a3)}.a4{fill:var(--a4);background:var(--a4)}.a5{fill:var(--a5);background:var(--a5)}
        .a6{fill:var(--a6);background:var(--a6)}.a7{fill:var(--a7);background:var(--a7)}
        .faint{opacity:.28}
        .open{fill:var(--open);background:var(--open)}
        footer{margin-top:18px;font-size:13px;max-width:900px}
        @media(max-width:800px){main{padding:16px}.row{grid-template-columns:96px minmax(0,1fr) 74px}.name{padding-left:10px}}
        @media print{.axis{position:static}}
        """
}
