module Tidewater.Chartering.Vessel exposing (Hull(..), Vessel, canCarry, cheapest)

{-| The ships on offer and what they can carry.
-}

import Tidewater.Chartering.Cargo exposing (Cargo, Commodity(..), space)


{-| How a ship holds her cargo: in open holds, or in a number of separate tanks.
-}
type Hull
    = Bulker
    | Tanker Int


{-| A ship as her owner offers her. Her hire is in cents for a day.
-}
type alias Vessel =
    { name : String
    , hull : Hull
    , deadweight : Int
    , capacity : Int
    , previousCargo : Maybe Commodity
    , dailyHire : Int
    }


{-| Whether a ship can take a cargo: the right hull, enough deadweight, enough room, and clean enough.
-}
canCarry : Cargo -> Vessel -> Bool
canCarry cargo vessel =
    suits vessel.hull cargo.commodity
        && (cargo.tonnes <= vessel.deadweight)
        && (space cargo <= vessel.capacity)
        && isClean cargo.commodity vessel.previousCargo


suits : Hull -> Commodity -> Bool
suits hull commodity =
    case ( hull, commodity ) of
        ( Tanker tanks, CrudeOil ) ->
            -- With a single tank a leak would cost the whole cargo.
            tanks > 1

        ( Tanker _, _ ) ->
            False

        ( Bulker, CrudeOil ) ->
            False

        _ ->
            True


isClean : Commodity -> Maybe Commodity -> Bool
isClean commodity previous =
    case commodity of
        Grain ->
            previous == Nothing || previous == Just Grain

        _ ->
            True


{-| The ship with the lowest hire among those that can carry the cargo, if any can.
-}
cheapest : Cargo -> List Vessel -> Maybe Vessel
cheapest cargo vessels =
    vessels
        |> List.filter (canCarry cargo)
        |> List.sortBy .dailyHire
        |> List.head
