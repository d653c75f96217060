using DistAttention.Deploy.Tests.Yaml;

namespace DistAttention.Deploy.Tests.Charts;

/// <summary>The renderer agrees with Go's text/template, Sprig and Helm; what is expected here is what those give.</summary>
public sealed class TemplateTests
{
    private const string About = "{a: 1, s: text, list: [x, z], map: {k2: v2, k1: 'true'}, none: null, cold: false, empty: {}, large: 1073741824}";

    [Theory]
    [InlineData("x {{ .a }} y", "x 1 y")]
    [InlineData("x\n  {{- .a -}}\n  y", "x1y")]
    [InlineData("x {{/* nothing */}} y {{- /* trims */ -}} z", "x  yz")]
    [InlineData("{{ .s | quote }}{{ .a | quote }}{{ .cold | quote }}", "\"text\"\"1\"\"false\"")]
    [InlineData("{{ if .cold }}a{{ else if eq .s \"text\" }}b{{ else }}c{{ end }}", "b")]
    [InlineData("{{ if and .a .empty }}a{{ else }}b{{ end }}{{ if or .cold .a }}c{{ end }}", "bc")]
    [InlineData("{{ if not .none }}a{{ end }}{{ with .empty }}b{{ else }}c{{ end }}{{ with .map }}{{ .k2 }}{{ end }}", "acv2")]
    [InlineData("{{ range .list }}<{{ . }}>{{ end }}{{ range $i, $x := .list }}{{ $i }}{{ $x }}{{ $.a }}{{ end }}", "<x><z>0x11z1")]
    [InlineData("{{ range $k, $v := .map }}{{ $k }}={{ $v }};{{ end }}", "k1=true;k2=v2;")]
    [InlineData("{{ range $n := list \"p\" \"q\" }}{{ $n }}{{ end }}", "pq")]
    [InlineData("{{ $x := add .a 2 3 }}{{ mul $x 1048576 }} {{ div 7 2 }} {{ mod 7 4 }} {{ sub 3 5 }} {{ max 1 (sub 1 1) }}", "6291456 3 3 -2 1")]
    [InlineData("{{ printf \"%02d:%s-0x%x %d\" 5 .s (mul 2048 1048576) (int64 .a) }}", "05:text-0x80000000 1")]
    [InlineData("{{ int64 .large }}{{ kindIs \"float64\" .a }}{{ kindIs \"float64\" .s }}{{ .a | add 1 }}", "1073741824truefalse2")]
    [InlineData("{{ .none | default \"d\" }}{{ .a | default 9 }}{{ .cold | default \"d\" }}", "d1d")]
    [InlineData("a:{{ .list | toYaml | nindent 2 }}", "a:\n  - x\n  - z")]
    [InlineData("{{ define \"t\" }}[{{ .x }}{{ .root.a }}]{{ end }}{{ include \"t\" (dict \"x\" \"y\" \"root\" .) }}{{ include \"t\" (dict \"x\" 2 \"root\" $) | trimSuffix \"]\" }}", "[y1][21")]
    [InlineData("{{ \"abcdef\" | trunc 3 }}{{ trunc 9 \"abc\" }}{{ \"A\" | lower }}{{ contains \"bc\" \"abcd\" }}{{ replace \"a\" \"b\" \"aca\" }}", "abcabcatruebcb")]
    [InlineData("{{ hasKey (fromYaml \"a: 1\") \"a\" }}{{ index .map \"k2\" }}", "truev2")]
    [InlineData("{{ \"x\" | sha256sum | trunc 8 }}{{ .map | toJson }}{{ .map | toJson | quote }}", "2d711642{\"k1\":\"true\",\"k2\":\"v2\"}\"{\\\"k1\\\":\\\"true\\\",\\\"k2\\\":\\\"v2\\\"}\"")]
    public void ItRendersAsGoDoes(string template, string expected) => Assert.Equal(expected, Render(template));

    [Theory]
    [InlineData("{{ .missing }}", "there is no .missing")]
    [InlineData("{{ $missing }}", "there is no $missing")]
    [InlineData("{{ include \"missing\" . }}", "there is no template 'missing'")]
    [InlineData("{{ upper .s }}", "there is no function 'upper'")]
    [InlineData("{{ if .a }}x", "a branch has no end")]
    [InlineData("x{{ end }}", "'end' closes nothing")]
    [InlineData("{{ fail \"because\" }}", "because")]
    [InlineData("{{ .map }}", "is printed")]
    [InlineData("{{ .large | quote }}", "with an exponent")] // 1.073741824e+09
    [InlineData("{{ printf \"%d\" .a }}", "for a float")] // %!d(float64=1)
    [InlineData("{{ eq .a 1 }}", "eq compares strings")] // incompatible types for comparison
    public void WhatItDoesNotUnderstandIsAnError(string template, string problem) =>
        Assert.Contains(problem, Assert.Throws<TemplateException>(() => Render(template)).Message, StringComparison.Ordinal);

    private static string Render(string template)
    {
        IReadOnlyList<Node> nodes = TemplateParser.Parse(template);
        Dictionary<string, IReadOnlyList<Node>> defined = nodes.OfType<Node.Define>().ToDictionary(static d => d.Name, static d => d.Body);
        return new TemplateRun(defined, static file => throw new FileNotFoundException(file)).Render(nodes, TemplateFunctions.Floats(YamlText.Mapping(About)));
    }
}
