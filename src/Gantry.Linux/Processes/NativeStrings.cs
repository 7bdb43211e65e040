using System.Runtime.InteropServices;

namespace Gantry.Linux.Processes;

/// <summary>Strings in native memory, each ended by a zero, and an array of pointers to them that ends with null.</summary>
internal unsafe struct NativeStrings : IDisposable
{
    private byte** _pointer;

    public NativeStrings(IReadOnlyList<string> strings)
    {
        // Invariant: every element is either null or memory of the marshaller, the last is null.
        _pointer = (byte**)NativeMemory.AllocZeroed((nuint)strings.Count + 1, (nuint)sizeof(byte*));
        for (int i = 0; i < strings.Count; i++)
        {
            _pointer[i] = (byte*)Marshal.StringToCoTaskMemUTF8(strings[i]);
        }
    }

    public readonly byte** Pointer => _pointer;

    public void Dispose()
    {
        for (byte** p = _pointer; p is not null && *p is not null; p++)
        {
            Marshal.FreeCoTaskMem((nint)(*p));
        }

        NativeMemory.Free(_pointer);
        _pointer = null;
    }
}
