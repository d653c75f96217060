using DistAttention.Testing.Python;

namespace DistAttention.Http.Tests.Python;

/// <summary>A test that needs a Python with numpy.</summary>
public sealed class PythonFactAttribute : FactAttribute
{
    public PythonFactAttribute() => Skip = Interpreter.WhyNot;
}
