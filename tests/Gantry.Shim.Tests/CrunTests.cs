namespace Gantry.Shim.Tests;

public sealed class CrunTests() : ExecutorSuite("crun");
