using Gantry.Core.Errors;
using Gantry.Core.Filters;
using Xunit;

namespace Gantry.Core.Tests.Filters;

public sealed class FilterTests
{
    private static readonly FakeObject Busybox = new(
        ("name", "docker.io/library/busybox:latest"),
        ("kind", "active"),
        ("empty", ""),
        ("labels containerd.io/gc.root", "2026-01-01"),
        ("labels quote\"d", "a\tb"),
        ("labels a b", "x,y"));

    [Theory]
    [InlineData("name")]
    [InlineData("empty")]
    [InlineData("name==docker.io/library/busybox:latest")]
    [InlineData("name == docker.io/library/busybox:latest")]
    [InlineData("name==\"docker.io/library/busybox:latest\"")]
    [InlineData("\"name\"")]
    [InlineData("empty==\"\"")]
    [InlineData("kind!=view")]
    [InlineData("absent!=anything")]
    [InlineData("name,kind==active")]
    [InlineData("name, kind==active")]
    [InlineData("labels.\"containerd.io/gc.root\"")]
    [InlineData("labels.\"containerd.io/gc.root\"==2026-01-01")]
    [InlineData("labels.\"quote\\\"d\"==\"a\\tb\"")]
    [InlineData("labels.\"a b\"==\"x,y\"")]
    [InlineData("name~=busybox")]
    [InlineData("name~=/busy/")]
    [InlineData("name~=|^docker.io/library/|")]
    [InlineData("name~=/^docker.io\\/library\\/b/")]
    [InlineData("name~=\"^docker\\\\.io/\"")]
    [InlineData("name~=\"\\x62usy\\u0062ox\"")]
    [InlineData("name~=:latest$")]
    public void A_filter_that_holds_lets_the_object_pass(string filter)
    {
        Assert.True(Filter.Parse([filter]).Matches(Busybox));
    }

    [Theory]
    [InlineData("absent")]
    [InlineData("absent==\"\"")]
    [InlineData("absent!=\"\"")]
    [InlineData("absent~=/.*/")]
    [InlineData("name==busybox")]
    [InlineData("name!=docker.io/library/busybox:latest")]
    [InlineData("name,absent")]
    [InlineData("kind==active,kind==view")]
    [InlineData("KIND==active")]
    [InlineData("name~=^busybox")]
    [InlineData("labels.containerd.io/gc.root==x,name", true)]
    public void A_filter_that_does_not_hold_stops_the_object(string filter, bool malformed = false)
    {
        if (malformed)
        {
            Assert.Throws<GantryException>(() => Filter.Parse([filter]));
            return;
        }

        Assert.False(Filter.Parse([filter]).Matches(Busybox));
    }

    [Fact]
    public void Several_filters_are_alternatives()
    {
        Filter filter = Filter.Parse(["kind==view", "kind==active"]);

        Assert.True(filter.Matches(Busybox));
        Assert.False(filter.Matches(new FakeObject(("kind", "committed"))));
    }

    [Fact]
    public void No_filter_and_an_empty_filter_let_everything_pass()
    {
        Assert.True(Filter.Parse([]).Matches(new FakeObject()));
        Assert.True(Filter.Parse(["kind==view", ""]).Matches(new FakeObject()));
        Assert.True(Filter.Parse([]).IsAlways);
        Assert.True(Filter.Parse(["kind==view", ""]).IsAlways);
        Assert.False(Filter.Parse(["kind==view"]).IsAlways);
    }

    [Theory]
    [InlineData("b+", "abbc", true)]
    [InlineData("^b", "ab", false)]
    [InlineData("a$", "a\n", false)]
    [InlineData("(?m)a$", "a\nb", true)]
    [InlineData("(?i)BUSY", "busybox", true)]
    [InlineData("(?P<part>bus)y", "busybox", true)]
    [InlineData("(?<part>bus)y", "busybox", true)]
    [InlineData("(?U)b.*x", "busybox", true)]
    [InlineData("(?iU:B.*X)", "busybox", true)]
    [InlineData("^[[:alpha:]]+$", "busybox", true)]
    [InlineData("^[[:alpha:]]+$", "busybox1", false)]
    [InlineData("^[[:^digit:]_]+$", "busy_box", true)]
    [InlineData("^[a-z-[aeiou]]$", "b]", true)]
    [InlineData("[]a]", "]", true)]
    [InlineData("[^]a]", "]", false)]
    [InlineData(@"^\d+$", "123", true)]
    [InlineData(@"^\d+$", "١٢٣", false)]
    [InlineData(@"^\w$", "é", false)]
    [InlineData(@"^[\W]$", "é", true)]
    [InlineData(@"\s", "a\u00a0b", false)]
    [InlineData(@"^a\Cb$", "a\nb", true)]
    [InlineData(@"\Qa.b\E$", "a.b", true)]
    [InlineData(@"\Qa.b\E$", "axb", false)]
    [InlineData(@"\Aab\z", "ab", true)]
    [InlineData(@"\x41\x{42}\103", "ABC", true)]
    [InlineData(@"\x{1F600}", "\U0001F600", true)]
    [InlineData(@"^\pL\PL\p{^L}$", "a11", true)]
    [InlineData("^a{2,3}$", "aaa", true)]
    [InlineData("a{,2}", "a{,2}", true)]
    [InlineData("a|", "", true)]
    [InlineData(@"\.", "a", false)]
    public void An_expression_means_what_it_means_in_RE2(string expression, string text, bool matches)
    {
        string quoted = "\"" + expression.Replace("\\", "\\\\", StringComparison.Ordinal) + "\"";

        Assert.Equal(matches, Filter.Parse([$"field~={quoted}"]).Matches(new FakeObject(("field", text))));
    }

    [Theory]
    [InlineData("[")]
    [InlineData("a(")]
    [InlineData("a**")]
    [InlineData("a{1001}")]
    [InlineData("(?=a)a")]
    [InlineData("(?#comment)a")]
    [InlineData("(?x) a")]
    [InlineData(@"(a)\1")]
    [InlineData(@"a\Z")]
    [InlineData(@"a\e")]
    [InlineData("[[:nothing:]]")]
    [InlineData(@"\x{}")]
    [InlineData(@"\p{")]
    [InlineData("(?P>a")]
    [InlineData("((((((((((a{1000}){1000}){1000}){1000}){1000}){1000}){1000}){1000}){1000}){1000})")]
    public void An_expression_that_RE2_does_not_have_matches_nothing(string expression)
    {
        string quoted = "\"" + expression.Replace("\\", "\\\\", StringComparison.Ordinal) + "\"";

        Assert.False(Filter.Parse([$"field~={quoted}"]).Matches(new FakeObject(("field", "aaa"))));
    }

    [Fact]
    public void An_expression_that_would_backtrack_takes_no_longer_than_the_text()
    {
        Filter filter = Filter.Parse(["field~=\"^(a+)+$\""]);

        Assert.False(filter.Matches(new FakeObject(("field", new string('a', 100_000) + "b"))));
    }

    // The texts are those of containerd 1.6.20, which add the class of the error once more.
    [Theory]
    [InlineData("foo==", "[foo==]: expected value or quoted")]
    [InlineData("foo===bar", "[foo >|=|< ==bar]: unsupported operator \"===\"")]
    [InlineData("foo=bar", "[foo >|=|< bar]: unsupported operator \"=\"")]
    [InlineData("foo!bar", "[foo >|!|< bar]: unsupported operator \"!\"")]
    [InlineData("foo==~x", "[foo >|=|< =~x]: unsupported operator \"==~\"")]
    [InlineData("foo==bar,", "[foo==bar,]: expected field or quoted")]
    [InlineData(",foo", "[ >|,|< foo]: expected field or quoted")]
    [InlineData("foo..bar", "[foo. >|.|< bar]: expected field or quoted")]
    [InlineData("foo.", "[foo.]: expected field or quoted")]
    [InlineData("!foo", "[ >|!|< foo]: expected field or quoted")]
    [InlineData(" ", "[ ]: expected field or quoted")]
    [InlineData("foo~=/a\\d/", "[foo~= >|/|< a\\d/]: illegal escape sequence")]
    [InlineData("foo==/b/", "[foo== >|/|< b/]: invalid quote encountered")]
    [InlineData("foo==|b|", "[foo== >|||< b|]: invalid quote encountered")]
    [InlineData("labels./x/==y", "[labels. >|/|< x/==y]: invalid quote encountered")]
    [InlineData("foo==\"bar", "[foo== >|\"|< bar]: quoted literal not terminated")]
    [InlineData("\"", "[ >|\"|< ]: quoted literal not terminated")]
    [InlineData("foo==\"b\\x4\"", "[foo== >|\"|< b\\x4\"]: illegal numeric escape sequence")]
    [InlineData("foo==\"\\400\"", "[foo== >|\"|< \\400\"]: unquoting failed: quote syntax error")]
    [InlineData("foo==\"\\U00110000\"", "[foo== >|\"|< \\U00110000\"]: unquoting failed: quote syntax error")]
    [InlineData("foo==bar baz", "[foo==bar >| |< baz]: unexpected input:  ")]
    [InlineData(" foo==bar ", "[ foo==bar >| |< ]: unexpected input:  ")]
    [InlineData("labels.a-b==c", "[labels.a >|-|< b==c]: expected an operator (\"==\"|\"!=\"|\"~=\")")]
    [InlineData("foo bar", "[foo  >|b|< ar]: expected an operator (\"==\"|\"!=\"|\"~=\")")]
    [InlineData("foo==.x", "[foo== >|.|< x]: expected value or quoted")]
    [InlineData("foo==\"a\"b", "[foo==\"a\" >|b|< ]: unexpected input: b")]
    public void A_malformed_filter_is_an_error_that_shows_the_place(string filter, string expected)
    {
        GantryException error = Assert.Throws<GantryException>(() => Filter.Parse([filter]));

        Assert.Equal(ErrorKind.InvalidArgument, error.Kind);
        Assert.Equal($"filters: parse error: {expected}: invalid argument", error.Message);
    }

    [Theory]
    [InlineData("foo=='bar'", "'bar'")]
    [InlineData("foo==x=y", "x=y")]
    [InlineData("foo==a\"b", "a\"b")]
    [InlineData("foo==bär", "bär")]
    [InlineData("foo==\"\\u00e9\\101\\n\\\\\"", "éA\n\\")]
    [InlineData("foo==\"\\xc3\\xa9\"", "é")]
    [InlineData("foo==\"\\ud800\"", "\ufffd")]
    public void A_value_is_read_as_containerd_reads_it(string filter, string value)
    {
        Assert.True(Filter.Parse([filter]).Matches(new FakeObject(("foo", value))));
    }

    [Fact]
    public void Filters_beyond_the_limits_are_refused()
    {
        Assert.Throws<GantryException>(() => Filter.Parse([new string('a', Filter.MaxLength + 1)]));
        Assert.Throws<GantryException>(
            () => Filter.Parse([.. Enumerable.Repeat("a", Filter.MaxAlternatives + 1)]));
    }

    [Fact]
    public void Whatever_the_text_parsing_ends_in_a_filter_or_in_its_error()
    {
        const string alphabet = "ab.,\"/|\\=!~ xuU0178[](){}^$*+?-:PQEdwé\n\t";
        Random random = new(7);
        FakeObject source = new(("a", "b"));

        for (int i = 0; i < 20_000; i++)
        {
            string text = string.Concat(Enumerable.Range(0, random.Next(1, 16)).Select(
                _ => alphabet[random.Next(alphabet.Length)]));
            try
            {
                Filter.Parse([text]).Matches(source);
                Filter.Parse([$"a~={text}"]).Matches(source);
            }
            catch (GantryException error)
            {
                Assert.Equal(ErrorKind.InvalidArgument, error.Kind);
            }
        }
    }
}
