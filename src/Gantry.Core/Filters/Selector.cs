using System.Text.RegularExpressions;

namespace Gantry.Core.Filters;

/// <summary>One condition on one field.</summary>
internal sealed class Selector
{
    private readonly string[] _path;
    private readonly FilterOperator _operator;
    private readonly string _value;

    // Null for other operators, and for an expression that can't be compiled: it matches nothing, as in containerd.
    private readonly Regex? _expression;

    public Selector(string[] path, FilterOperator @operator, string value)
    {
        _path = path;
        _operator = @operator;
        _value = value;
        _expression = @operator == FilterOperator.Matches ? Re2Pattern.TryCompile(value) : null;
    }

    /// <summary>Whether an object meets the condition. A field that is absent has the value "" where it is compared.</summary>
    public bool Matches(IFieldSource source)
    {
        bool present = source.TryGetField(_path, out string value);
        return _operator switch
        {
            FilterOperator.Present => present,
            FilterOperator.Equal => present && string.Equals(value, _value, StringComparison.Ordinal),
            FilterOperator.NotEqual => !string.Equals(present ? value : "", _value, StringComparison.Ordinal),
            _ => present && _expression is not null && _expression.IsMatch(value),
        };
    }
}
