using System.Reflection;
using Orleans.Runtime;

namespace DistAttention.Contracts.Tests.Manifest;

/// <summary>
/// What silos and clients of different builds must agree on, found by reflection: members of wire types by alias and id, and calls by the aliases of
/// interface and method, each with its type. One line for each, without the names that only this build knows.
/// </summary>
internal static class WireManifest
{
    private static readonly Assembly _contracts = typeof(TileCall).Assembly;

    public static IReadOnlyList<string> Lines() => [.. Members().Concat(Calls()).Order(StringComparer.Ordinal)];

    private static IEnumerable<string> Members() =>
        from type in _contracts.GetTypes()
        where type.GetCustomAttribute<GenerateSerializerAttribute>() is not null
        from line in MembersOf(type)
        select line;

    private static IEnumerable<string> MembersOf(Type type)
    {
        const BindingFlags all = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;
        string name = type.GetCustomAttribute<AliasAttribute>()?.Alias ?? throw new InvalidOperationException($"{type} travels without an alias: its name could never change");
        yield return $"type {name}";
        foreach (MemberInfo member in type.GetMembers(all))
        {
            if (member.GetCustomAttribute<IdAttribute>() is { } id)
            {
                Type of = member is PropertyInfo property ? property.PropertyType : ((FieldInfo)member).FieldType;
                yield return $"type {name} {id.Id}: {NameOf(of)}";
            }
        }
    }

    private static IEnumerable<string> Calls() =>
        from type in _contracts.GetTypes()
        where type.IsInterface && typeof(IAddressable).IsAssignableFrom(type)
        let name = type.GetCustomAttribute<AliasAttribute>()?.Alias ?? type.FullName // without an alias the name itself travels
        from method in type.GetMethods()
        let call = method.GetCustomAttribute<AliasAttribute>()?.Alias ?? method.Name
        select $"call {name}.{call}({string.Join(", ", method.GetParameters().Select(static p => NameOf(p.ParameterType)))}): {NameOf(method.ReturnType)}";

    /// <summary>A type as the wire knows it: by its alias, where it has one.</summary>
    private static string NameOf(Type type)
    {
        if (type.IsArray)
        {
            return NameOf(type.GetElementType()!) + "[]";
        }

        string name = type.GetCustomAttribute<AliasAttribute>()?.Alias ?? type.FullName ?? type.Name;
        name = name.Split('`')[0];
        return type.IsGenericType ? $"{name}<{string.Join(", ", type.GetGenericArguments().Select(NameOf))}>" : name;
    }
}
