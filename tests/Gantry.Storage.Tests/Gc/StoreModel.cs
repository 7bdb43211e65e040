namespace Gantry.Storage.Tests.Gc;

/// <summary>
/// What the store should hold: objects by name, who refers to whom, and a collection that walks it all. It is as simple
/// as the rules allow, and shares no code with the collector.
/// </summary>
internal sealed class StoreModel
{
    public Dictionary<string, ModelObject> Objects { get; } = new(StringComparer.Ordinal);

    /// <summary>The objects of a kind, by name.</summary>
    public List<string> Names(char kind) =>
        [.. Objects.Keys.Where(name => name[0] == kind).Order(StringComparer.Ordinal)];

    /// <summary>Removes what nothing keeps.</summary>
    /// <param name="now">The time.</param>
    public void Collect(DateTimeOffset now)
    {
        HashSet<(string Name, bool Flat)> seen = [];
        Stack<(string Name, bool Flat)> pending = new();
        foreach ((string name, ModelObject thing) in Objects)
        {
            bool expired = thing.Expiry <= now;
            if (name[0] is 'C' || thing.IsRoot || (name[0] is 'L' or 'I' && !expired))
            {
                pending.Push((name, false));
            }
        }

        while (pending.TryPop(out (string Name, bool Flat) node))
        {
            if (!seen.Add(node))
            {
                continue;
            }

            // What refers back is kept even by what is not there, if something refers to that.
            foreach ((string name, _) in Objects.Where(o => !node.Flat && o.Value.BackReferences.Contains(node.Name)))
            {
                pending.Push((name, false));
            }

            if (!Objects.TryGetValue(node.Name, out ModelObject? thing))
            {
                continue;
            }

            bool flat = node.Flat || thing.IsFlat;
            foreach (string part in thing.Parts)
            {
                pending.Push((part, flat));
            }

            if (!node.Flat)
            {
                foreach (string other in thing.References)
                {
                    pending.Push((other, thing.IsFlat));
                }
            }
        }

        HashSet<string> alive = [.. seen.Select(node => node.Name)];
        foreach (string name in Objects.Keys.Where(name => !alive.Contains(name)).ToList())
        {
            Objects.Remove(name);
        }
    }
}
